/** A hunk whose lines may be damaged, and how many lines its header promises. */
export interface Wanted {
  /** With their markers as far as they are left. */
  readonly lines: readonly string[];
  readonly oldCount: number;
  readonly newCount: number;
}

/** One way to read a damaged hunk so that the file has its old lines. */
export interface Reading {
  /** Index of the file's first line that the hunk covers. */
  readonly at: number;
  /** The hunk with the file's own context and removed lines; added lines are as they came. */
  readonly lines: readonly string[];
  /** What the hunk had for each of `lines`; undefined for one that was put in. */
  readonly sources: readonly (string | undefined)[];
  /** How many lines were joined, split, put in or left out; different blanks cost nothing. */
  readonly cost: number;
}

/** More work than this for one place in the file, and for one hunk, is not worth it. */
const mostSteps = 20_000;
const mostStepsOfAll = 1_000_000;

/** Nobody's mail software leaves more damage than this in one hunk that a person would want repaired. */
const highestCost = 12;

/** A hunk longer than this is not searched for. */
const longestHunk = 600;

/** A line without its blanks: what no mail software changes. */
export const bare = (line: string): string => line.replaceAll(/\s+/g, '');

/**
 * All cheapest readings of a hunk under which its old lines stand in the file, whatever became of its blanks and
 * line breaks. More than one, with different lines, means that nobody can tell.
 */
export function readingsIn(file: readonly string[], wanted: Wanted): Reading[] {
  if (wanted.lines.length > longestHunk || wanted.oldCount === 0) return [];
  const keys = keysOf(file);
  const first = firstOldKey(wanted.lines);
  let best: Reading[] = [];
  let limit = highestCost;
  let steps = 0;
  for (let at = 0; at + wanted.oldCount <= file.length && steps < mostStepsOfAll; at += 1) {
    if (first !== undefined && !keys.slice(at, at + 3).some((key) => related(key, first))) continue;
    const search = new Search({ file, keys, wanted, at }, limit);
    const found = search.run();
    steps += search.steps;
    for (const reading of found) {
      if (reading.cost < limit) best = [];
      limit = Math.min(limit, reading.cost);
      if (reading.cost === limit) best.push(reading);
    }
  }
  return best;
}

const known = new WeakMap<readonly string[], readonly string[]>();

/** The file's lines without blanks; every hunk of a patch asks for them. */
function keysOf(file: readonly string[]): readonly string[] {
  const keys = known.get(file) ?? file.map(bare);
  known.set(file, keys);
  return keys;
}

const firstOldKey = (lines: readonly string[]): string | undefined =>
  lines
    .filter((line) => !line.startsWith('+'))
    .map((line) => bare(/^[ -]/.test(line) ? line.slice(1) : line))
    .find((key) => key !== '');

/** Equal, or one the beginning of the other: a line that was broken, or joined with the next. */
const related = (key: string, wanted: string): boolean =>
  key !== '' && (key.startsWith(wanted) || wanted.startsWith(key) || wanted.startsWith(`+${key}`));

interface Place {
  readonly file: readonly string[];
  readonly keys: readonly string[];
  readonly wanted: Wanted;
  readonly at: number;
}

interface Taken {
  readonly line: string;
  readonly source: string | undefined;
}

/** Where the search stands: the next line of the hunk (or what is left of it), old and new lines read so far. */
interface State {
  readonly next: number;
  readonly rest?: string | undefined;
  readonly old: number;
  readonly new: number;
  readonly cost: number;
}

class Search {
  readonly #place: Place;
  readonly #taken: Taken[] = [];
  readonly #found: Reading[] = [];
  #limit: number;
  steps = 0;

  constructor(place: Place, limit: number) {
    this.#place = place;
    this.#limit = limit;
  }

  run(): Reading[] {
    this.#from({ next: 0, old: 0, new: 0, cost: 0 });
    return this.#found;
  }

  #from(state: State): void {
    const { wanted, at } = this.#place;
    this.steps += 1;
    if (state.cost > this.#limit || this.steps > mostSteps) return;
    if (state.old > wanted.oldCount || state.new > wanted.newCount) return;
    if (state.old === wanted.oldCount && state.new === wanted.newCount) {
      this.#limit = state.cost;
      const lines = this.#taken.map(({ line }) => line);
      const sources = this.#taken.map(({ source }) => source);
      this.#found.push({ at, lines, sources, cost: state.cost });
      return;
    }
    const raw = state.rest ?? wanted.lines[state.next];
    this.#blankPutIn(state, raw);
    if (raw !== undefined) this.#line(raw, state);
  }

  /** The file's line that the hunk must have next, without blanks; undefined when it needs no more. */
  #key(state: State): string | undefined {
    const { wanted, keys, at } = this.#place;
    return state.old < wanted.oldCount ? keys[at + state.old] : undefined;
  }

  #take(taken: Taken, state: State): void {
    this.#taken.push(taken);
    this.#from(state);
    this.#taken.pop();
  }

  /** An empty line that the file has and the hunk has lost. */
  #blankPutIn(state: State, raw: string | undefined): void {
    if (this.#key(state) !== '' || (raw !== undefined && bare(raw) === '')) return;
    const own = this.#place.file[this.#place.at + state.old] ?? '';
    this.#take(
      { line: ` ${own}`, source: undefined },
      { ...state, old: state.old + 1, new: state.new + 1, cost: state.cost + 1 },
    );
  }

  #line(raw: string, state: State): void {
    const after: State = { ...state, next: state.next + 1, rest: undefined };
    if (raw.startsWith('\\')) this.#from(after);
    else if (raw.startsWith('+')) this.#added(raw, after);
    else if (raw.startsWith('-')) this.#old('-', raw.slice(1), after);
    else {
      const lost = raw !== '' && !raw.startsWith(' ');
      this.#old(' ', lost ? raw : raw.slice(1), lost ? { ...after, cost: after.cost + 1 } : after);
      const trimmed = raw.trimStart();
      // What belongs to the header, which was broken in two.
      if (lost && state.next === 0) this.#from({ ...after, cost: after.cost + 1 });
      // An empty line and the changed one below it became one line.
      if (/^[+-]/.test(trimmed)) this.#line(trimmed, { ...state, cost: state.cost + 1 });
      if (trimmed === '') this.#from({ ...after, cost: after.cost + 1 });
    }
  }

  #added(raw: string, after: State): void {
    this.#take({ line: raw, source: raw }, { ...after, new: after.new + 1 });
    const next = this.#place.wanted.lines[after.next];
    if (next !== undefined && /^[^ +\-\\]/.test(next)) {
      const joined = `${raw.trimEnd()} ${next}`;
      this.#take(
        { line: joined, source: joined },
        { ...after, next: after.next + 1, new: after.new + 1, cost: after.cost + 1 },
      );
    }
  }

  #old(marker: ' ' | '-', text: string, after: State): void {
    const key = this.#key(after);
    if (key === undefined) return;
    const own = bare(text);
    const done = { old: after.old + 1, new: after.new + (marker === ' ' ? 1 : 0) };
    const line = `${marker}${this.#place.file[this.#place.at + after.old] ?? ''}`;
    if (own === key) this.#take({ line, source: `${marker}${text}` }, { ...after, ...done });
    else if (own !== '' && key.startsWith(own)) this.#broken(line, `${marker}${text}`, { ...after, ...done });
    else if (key !== '' && own.startsWith(key)) {
      const rest = behind(text, key.length);
      const state = { ...after, ...done, next: after.next - 1, rest, cost: after.cost + 1 };
      this.#take({ line, source: undefined }, state);
    }
  }

  /** The file's line goes on in the hunk's next lines. */
  #broken(line: string, source: string, after: State): void {
    const { wanted, keys, at } = this.#place;
    const key = keys[at + after.old - 1] ?? '';
    let joined = source;
    for (let more = 0; more < 3; more += 1) {
      const next = wanted.lines[after.next + more];
      if (next === undefined) return;
      joined = `${joined.trimEnd()} ${next.trimStart()}`;
      const own = bare(joined.slice(1));
      if (own === key) {
        this.#take(
          { line, source: joined },
          { ...after, next: after.next + more + 1, cost: after.cost + more + 1 },
        );
        return;
      }
      if (!key.startsWith(own)) return;
    }
  }
}

/** What stands behind the first `count` characters that are no blanks, read as a line of its own. */
function behind(text: string, count: number): string {
  let at = 0;
  for (let seen = 0; seen < count; at += 1) if (!/\s/.test(text[at] ?? '')) seen += 1;
  const rest = text.slice(at).trimStart();
  return /^[+-](?:\s|$)/.test(rest) ? rest : ` ${rest}`;
}
