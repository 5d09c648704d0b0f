import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { PageIndex } from '../document.ts';
import type { Cell } from './cells.ts';
import type { Route } from './route.ts';

/** What every part of the page knows. */
export interface Page {
  readonly index: PageIndex;
  readonly route: Route;
  readonly cells: readonly Cell[];
  /** The cells of each trial, by its number. */
  readonly byTrial: ReadonlyMap<number, readonly Cell[]>;
  /** Those of the cells that the filter lets through. */
  readonly shown: readonly Cell[];
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('no page');
  return page;
}
