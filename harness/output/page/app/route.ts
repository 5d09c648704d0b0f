/** What the page shows, as the hash of its address says it: it can be shared, and the back button works. */
export interface Route {
  readonly view: 'overview' | 'reports' | 'report' | 'trial' | 'test';
  /** A trial's id and a test's name, or a signature. */
  readonly about: readonly string[];
  /** What the lists are filtered by: words, and statuses (or `changed`). */
  readonly text: string;
  readonly only: readonly string[];
  /** A line of the report to stand at. */
  readonly at?: number;
}

const arity: Record<Route['view'], number> = { overview: 0, reports: 0, report: 1, trial: 1, test: 2 };

/** Reads an address that somebody may have cut or edited: what makes no sense leads to the overview. */
export function parseRoute(hash: string): Route {
  const [place = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...about] = place.split('/').map(decoded);
  const params = new URLSearchParams(query);
  const filter = {
    text: params.get('q') ?? '',
    only: (params.get('only') ?? '').split(',').filter((word) => word !== ''),
  };
  const at = Number.parseInt(params.get('at') ?? '', 10);
  const known = Object.keys(arity).find((name) => name === view) as Route['view'] | undefined;
  if (known === undefined || about.length !== arity[known]) return { view: 'overview', about: [], ...filter };
  return { view: known, about, ...filter, ...(Number.isNaN(at) ? {} : { at }) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function hashOf({ view, about, text, only, at }: Route): string {
  const params = new URLSearchParams();
  if (text !== '') params.set('q', text);
  if (only.length > 0) params.set('only', only.join(','));
  if (at !== undefined) params.set('at', String(at));
  const query = params.toString();
  const place = view === 'overview' ? '' : [view, ...about].map(encodeURIComponent).join('/');
  return `#/${place}${query === '' ? '' : `?${query}`}`;
}

/** The same filter at another place. */
export const elsewhere = (route: Route, view: Route['view'], ...about: string[]): string =>
  hashOf({ view, about, text: route.text, only: route.only });

/** Where Escape leads. */
export const above = (route: Route): string =>
  elsewhere(route, route.view === 'report' ? 'reports' : 'overview');
