import type { Status } from '../../../status.ts';
import type { Change, PageIndex, TrialEntry } from '../document.ts';
import type { Route } from './route.ts';
import { plural } from './words.ts';

/** A test of a trial as the lists show it. */
export interface Cell {
  readonly trial: TrialEntry;
  readonly trialNumber: number;
  /** Among the trial's tests. */
  readonly number: number;
  readonly name: string;
  readonly base: Status;
  readonly candidate: Status;
  readonly change: Change;
  readonly behaviours: number;
  readonly measurements: number;
  readonly reports: readonly number[];
  readonly history: string;
}

/** What is looked at first. */
const gravest: readonly Change[] = [
  'regression',
  'fails, base unknown',
  'no longer runs',
  'not observed',
  'fails differently',
  'fails on both',
  'flaky',
  'passes, base unknown',
  'known failure',
  'fixed',
  'same',
];

const gravity = (cell: Cell): number =>
  isOfReport(cell)
    ? gravest.indexOf('fails differently') * 2 - 1
    : gravest.indexOf(cell.change) * 2 - (cell.change === 'same' && cell.behaviours > 0 ? 1 : 0);

/** What the test itself said does not explain its status on the patched kernel: what was printed meanwhile does. */
export const isOfReport = ({ change, base, candidate }: Cell): boolean =>
  base !== candidate && (change === 'same' || (change === 'not observed' && candidate === 'FAIL'));

/** What the patch did to a test and what was reported meanwhile, in a few words; nothing where that is nothing. */
export function changeWords(cell: Cell): string[] {
  const itself = cell.change === 'same' ? [] : [cell.change];
  const count = cell.reports.length;
  const reports = count === 0 ? [] : [plural(count, 'report')];
  if (!isOfReport(cell)) return [...itself, ...reports];
  return [
    `by ${reports[0] ?? 'a report'}`,
    ...(itself.length > 0 ? ['else not observed'] : ['else the same']),
  ];
}

/** All tests of all trials, the gravest first. */
export function cellsOf({ trials, names, changes, statuses }: PageIndex): Cell[] {
  const cells = trials.flatMap((trial, trialNumber) =>
    trial.cells.map(
      ([name, base, candidate, change, behaviours, measurements, reports, history], number): Cell => ({
        ...{ trial, trialNumber, number, behaviours, measurements, reports, history },
        name: names[name] ?? '',
        base: statuses[base] ?? 'MISS',
        candidate: statuses[candidate] ?? 'MISS',
        change: changes[change] ?? 'not observed',
      }),
    ),
  );
  return cells.toSorted((a, b) => gravity(a) - gravity(b));
}

/** Whether the patch made a difference to a test. */
export const isChanged = (cell: Cell): boolean =>
  cell.behaviours > 0 ||
  isOfReport(cell) ||
  !['same', 'known failure', 'fails on both', 'flaky'].includes(cell.change);

/** What the words of a filter are looked for in, made when it is first needed. */
const texts = new WeakMap<Cell, string>();

function textOf(cell: Cell): string {
  const known = texts.get(cell);
  if (known !== undefined) return known;
  const { name, trial, change, base, candidate } = cell;
  const also = [
    cell.behaviours > 0 ? 'behaviour' : '',
    cell.measurements > 0 ? 'measurement differs' : '',
    cell.reports.length > 0 ? 'report' : '',
  ].join(' ');
  const text = `${name} ${trial.id} ${change} ${base} ${candidate} ${trial.verdict} ${also}`.toLowerCase();
  texts.set(cell, text);
  return text;
}

/** Every word must be there; one that begins with `-` must not. */
export function matcher(text: string): (haystack: string) => boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-');
  const [without, wanted] = [true, false].map((negated) =>
    words.filter((word) => word.startsWith('-') === negated).map((word) => (negated ? word.slice(1) : word)),
  ) as [string[], string[]];
  return (haystack) =>
    wanted.every((word) => haystack.includes(word)) && !without.some((word) => haystack.includes(word));
}

export function filtered(
  cells: readonly Cell[],
  { text, only }: Pick<Route, 'text' | 'only'>,
): readonly Cell[] {
  if (text.trim() === '' && only.length === 0) return cells;
  const matches = matcher(text);
  const wanted = only.filter((word) => word !== 'changed');
  return cells.filter(
    (cell) =>
      (wanted.length === 0 || wanted.includes(cell.candidate)) &&
      (wanted.length === only.length || isChanged(cell)) &&
      matches(textOf(cell)),
  );
}
