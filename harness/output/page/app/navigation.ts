import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { hashOf, parseRoute, type Route } from './route.ts';

/** How far each place in the history was scrolled, by the number that its state carries. */
const scrolled = new Map<number, number>();
let current = 0;
let latest = 0;
/** Set when the reader came to a place that he has not been to before. */
let fresh = true;

/** Follows an address as if its link had been clicked. */
export const go = (hash: string): void => void (location.hash = hash);

/** Changes what this place shows, without a step for the back button: each letter of a filter is none. */
export function amend(route: Route): void {
  history.replaceState({ place: current }, '', hashOf(route));
  changed();
}

let changed = (): void => {};

function arrive(): void {
  scrolled.set(current, leftAt);
  const place = (history.state as { place?: number } | null)?.place;
  fresh = place === undefined;
  current = place ?? ++latest;
  if (fresh) history.replaceState({ place: current }, '');
  changed();
}

/** Where the page stood before the browser went elsewhere: when it tells, it may have scrolled already. */
let leftAt = 0;

/** What the address says. The page scrolls to where it was when the reader goes back, and to its top when he goes on. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    changed = () => setHash(location.hash);
    history.scrollRestoration = 'manual';
    history.replaceState({ place: current }, '');
    addEventListener('popstate', arrive);
    addEventListener('scroll', () => void (leftAt = scrollY), { passive: true });
  }, []);
  const route = parseRoute(hash);
  const place = route.view + route.about.join('/');
  useLayoutEffect(() => {
    const top = fresh ? 0 : (scrolled.get(current) ?? 0);
    scrollTo(0, top);
    leftAt = top;
    if (fresh && place !== 'overview')
      document.querySelector<HTMLElement>('[data-heading]')?.focus({ preventScroll: true });
  }, [place]);
  return route;
}
