import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useKeyTarget } from './keys.ts';

export interface ListRow {
  readonly href: string;
  readonly content: ComponentChildren;
}

interface ListProps {
  readonly label: string;
  readonly count: number;
  readonly row: (index: number) => ListRow;
  /** Whether an entry has a third line where the screen is narrow. */
  readonly isTall: boolean;
  /** Names the list, so that it remembers which entry the reader was at. */
  readonly name: string;
}

/** Rows come and go in groups; one more is kept above and below what is seen. */
const group = 8;
const wholeUpTo = 200;

/** Where the reader was in each list. */
const places = new Map<string, number>();

/** Where a row has several lines. */
const narrow = matchMedia('(max-width: 44rem)');
/** In pixels. */
const rowHeight = (isTall: boolean): number => (narrow.matches ? (isTall ? 82 : 60) : 34);

/** A list of links of any length, of which only what is seen is in the document. One of them takes part in the tab order; arrow keys move it. */
export function List({ label, count, row, name, isTall }: ListProps) {
  const box = useRef<HTMLDivElement>(null);
  const height = rowHeight(isTall);
  const [first, last] = useSeen(box, height, count);
  // An object, so that coming to the same place again is told, too.
  const [place, setPlace] = useState({ index: places.get(name) ?? 0 });
  const active = Math.min(place.index, count - 1);
  const wantsFocus = useRef(false);
  const moveTo = (index: number): void => {
    places.set(name, index);
    setPlace({ index });
  };
  useKeyTarget({
    move: (steps) => {
      if (count === 0) return;
      // A key that comes before the last one has been followed counts from where that one leads.
      const isInside = wantsFocus.current || (box.current?.contains(document.activeElement) ?? false);
      const from = Math.min(places.get(name) ?? 0, count - 1);
      const next = from + (isInside || !Number.isFinite(steps) ? steps : 0);
      go(Math.max(0, Math.min(count - 1, next)));
    },
  });
  const go = (next: number): void => {
    moveTo(next);
    reveal(box.current, next * height, height);
    wantsFocus.current = true;
  };
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const link = box.current?.querySelector<HTMLElement>(`[data-row="${active}"]`);
    link?.focus({ preventScroll: true });
    wantsFocus.current = link === null;
  });
  const rows = seenRows(first, last, active);
  return (
    // biome-ignore lint/a11y: a list by its role, for its entries are placed by hand
    <div ref={box} class="list" role="list" aria-label={label} style={{ height: `${count * height}px` }}>
      {rows.map((index) => {
        const { href, content } = row(index);
        return (
          <div
            key={index}
            role="listitem"
            aria-setsize={count}
            aria-posinset={index + 1}
            style={{ top: `${index * height}px`, height: `${height}px` }}
          >
            <a
              href={href}
              data-row={index}
              tabIndex={index === active ? 0 : -1}
              onFocus={() => index !== active && moveTo(index)}
            >
              {content}
            </a>
          </div>
        );
      })}
    </div>
  );
}

/** The active row stays in the document when it is scrolled away, or the focus would be lost. */
function seenRows(first: number, last: number, active: number): number[] {
  const rows = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return active >= 0 && (active < first || active >= last) ? [...rows, active] : rows;
}

/** The rows in the window, and some more: they change only when another group of rows comes into sight. */
function useSeen(
  box: { readonly current: HTMLElement | null },
  height: number,
  count: number,
): [number, number] {
  const firstInSight = (): number => {
    const above = -(box.current?.getBoundingClientRect().top ?? 0);
    return Math.floor(above / height / group) * group;
  };
  const [inSight, setInSight] = useState(0);
  useLayoutEffect(() => {
    const measure = (): void => setInSight(firstInSight());
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    measure();
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, [height]);
  // A list that is no burden is in the document as a whole: the browser's own search and the printer find all of it.
  if (count <= wholeUpTo) return [0, count];
  const first = Math.max(0, Math.min(count, inSight - group));
  const last = inSight + Math.ceil(innerHeight / height) + 2 * group;
  return [first, Math.max(first, Math.min(count, last))];
}

/** Scrolls the window so far that a row is seen, below the bar that stays on top. */
function reveal(box: HTMLElement | null, offset: number, height: number): void {
  const bar = document.querySelector('.bar')?.getBoundingClientRect().height ?? 0;
  const top = (box?.getBoundingClientRect().top ?? 0) + offset;
  if (top < bar) scrollBy(0, top - bar);
  else if (top + height > innerHeight) scrollBy(0, top + height - innerHeight);
}
