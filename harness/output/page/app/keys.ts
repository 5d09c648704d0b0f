import { useEffect, useLayoutEffect } from 'preact/hooks';
import { go } from './navigation.ts';
import { above, type Route } from './route.ts';

/** What a list does when keys are pressed anywhere in the page. */
export interface KeyTarget {
  /** To the next (1) or previous (-1) entry, or with Infinity to an end. */
  readonly move: (steps: number) => void;
}

/** The list in view, or the neighbours of the story in view; one at a time. */
let target: KeyTarget | undefined;

export function useKeyTarget(made: KeyTarget): void {
  useLayoutEffect(() => {
    target = made;
    return () => {
      if (target === made) target = undefined;
    };
  });
}

export const filterId = 'filter';

const steps: Record<string, number> = {
  j: 1,
  k: -1,
  ArrowDown: 1,
  ArrowUp: -1,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** Keys that work wherever the focus is; in a field only Escape and the way out of it do. */
export function useKeys(
  route: Route,
  help: { readonly open: boolean; readonly set: (open: boolean) => void },
): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const from = event.target instanceof HTMLElement ? event.target : document.body;
      const isField = from.matches('input, textarea, select');
      const action = isField ? fieldKey(event.key, from) : pageKey(event.key, { route, help, from });
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}

function fieldKey(key: string, field: HTMLElement): (() => void) | undefined {
  if (key === 'Escape') return () => field.blur();
  if (key !== 'Enter' && key !== 'ArrowDown') return undefined;
  return () => {
    field.blur();
    target?.move(0);
  };
}

interface Pressed {
  readonly route: Route;
  readonly help: { readonly open: boolean; readonly set: (open: boolean) => void };
  readonly from: HTMLElement;
}

function pageKey(key: string, { route, help, from }: Pressed): (() => void) | undefined {
  if (key === '?') return () => help.set(!help.open);
  if (key === 'Escape') {
    if (help.open) return () => help.set(false);
    return route.view === 'overview' ? undefined : () => go(above(route));
  }
  if (key === '/') return () => document.getElementById(filterId)?.focus();
  const move = steps[key];
  if (move === undefined || help.open) return undefined;
  // A story scrolls under the arrow keys, as pages do; a grid and a console have their own use for them.
  const isArrow = key.length > 1;
  if (isArrow && (!['overview', 'reports', 'trial'].includes(route.view) || from.closest('[data-keys]')))
    return undefined;
  const moved = target;
  return moved === undefined ? undefined : () => moved.move(move);
}
