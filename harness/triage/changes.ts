import { diffArrays } from 'diff';
import type { FileDiff, Hunk } from '../../patches/parse.ts';
import { definedName, functionsOf } from './c-functions.ts';

/** A function that a patch changes, adds or removes. */
export interface ChangedFunction {
  readonly name: string;
  readonly file: string;
}

/** What a candidate changes in the code, as far as attributing a report needs it. */
export interface CodeChanges {
  readonly files: ReadonlySet<string>;
  readonly functions: readonly ChangedFunction[];
  /** Lines (from 1, in the patched file) that the patch adds; empty where only the diffs are known and several patches overlap. */
  readonly addedLines: ReadonlyMap<string, ReadonlySet<number>>;
  /** Unchanged functions that name a changed one, which the compiler may have put into them. Empty without the sources. */
  readonly callers: ReadonlyMap<string, readonly string[]>;
  /** Last words of the lock expressions that added lines initialise or define: locks that the patch brings. */
  readonly ownLocks: ReadonlySet<string>;
  /** The same for locks that added lines take. */
  readonly takenLocks: ReadonlySet<string>;
}

/** A file before and after the candidate; null when it is not there. */
export interface FilePair {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What the diffs of a series tell by themselves, without the tree that they are for. */
export function changesOfDiffs(diffs: readonly FileDiff[]): CodeChanges {
  const functions: ChangedFunction[] = [];
  const added: string[] = [];
  const lines = new Map<string, Set<number>>();
  for (const diff of diffs) {
    const file = diff.newPath ?? diff.oldPath ?? '';
    for (const hunk of diff.hunks) {
      functions.push(...hunkFunctions(hunk).map((name) => ({ name, file })));
      added.push(...hunk.lines.filter((line) => line.startsWith('+')).map((line) => line.slice(1)));
      note(lines, file, addedNumbers(hunk));
    }
  }
  const files = diffs.map((diff) => diff.newPath ?? diff.oldPath ?? '');
  // With several patches on one file, line numbers of the earlier ones are not those of the result.
  for (const file of files) if (files.indexOf(file) !== files.lastIndexOf(file)) lines.delete(file);
  return {
    files: new Set(files),
    functions: distinct(functions),
    addedLines: lines,
    callers: new Map(),
    ...locksIn(added),
  };
}

/** What really differs between the tree and the patched tree. */
export function changesOfFiles(pairs: readonly FilePair[]): CodeChanges {
  const functions: ChangedFunction[] = [];
  const added: string[] = [];
  const lines = new Map<string, Set<number>>();
  for (const { path, before, after } of pairs) {
    const [old, now] = [before?.split('\n') ?? [], after?.split('\n') ?? []];
    const changed = differing(old, now);
    for (const [source, numbers] of [
      [old, changed.removed],
      [now, changed.added],
    ] as const)
      for (const { name, first, last } of functionsOf(source))
        if (numbers.some((number) => number >= first && number <= last)) functions.push({ name, file: path });
    added.push(...changed.added.map((number) => now[number - 1] ?? ''));
    note(lines, path, changed.added);
  }
  const unique = distinct(functions);
  return {
    files: new Set(pairs.map(({ path }) => path)),
    functions: unique,
    addedLines: lines,
    callers: callersIn(pairs, unique),
    ...locksIn(added),
  };
}

function differing(old: string[], now: string[]): { removed: number[]; added: number[] } {
  const [removed, added]: [number[], number[]] = [[], []];
  let [atOld, atNow] = [0, 0];
  for (const part of diffArrays(old, now)) {
    for (let i = 1; i <= part.value.length; i++) {
      if (part.removed) removed.push(atOld + i);
      if (part.added) added.push(atNow + i);
    }
    if (!part.added) atOld += part.value.length;
    if (!part.removed) atNow += part.value.length;
  }
  return { removed, added };
}

/** The functions that a hunk changes, as far as its lines and its heading show them. */
function hunkFunctions(hunk: Hunk): string[] {
  const heading = definedName(/^@@ [^@]* @@ ?(.*)$/.exec(hunk.header)?.[1] ?? '');
  return ['+', '-'].flatMap((sign) => {
    const side = hunk.lines.filter((line) => line.startsWith(' ') || line.startsWith(sign));
    const lines = side.map((line) => line.slice(1));
    const inside = functionsOf(lines);
    if (heading !== undefined && startsInside(lines)) {
      const close = lines.findIndex((line) => line.startsWith('}'));
      inside.push({ name: heading, first: 1, last: close < 0 ? lines.length : close + 1 });
    }
    const changed = side.flatMap((line, index) =>
      line.startsWith(sign) && line.trim() !== sign ? [index + 1] : [],
    );
    return inside
      .filter(({ first, last }) => changed.some((at) => at >= first && at <= last))
      .map(({ name }) => name);
  });
}

/** Whether a hunk begins within the function that its heading names: the heading is only the last one above it. */
function startsInside(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== '') ?? '';
  return /^[\s{}]|^\w+:/.test(first);
}

function addedNumbers(hunk: Hunk): number[] {
  const numbers: number[] = [];
  let number = hunk.newStart;
  for (const line of hunk.lines) {
    if (line.startsWith('+')) numbers.push(number);
    if (!line.startsWith('-') && !line.startsWith('\\')) number++;
  }
  return numbers;
}

function note(lines: Map<string, Set<number>>, file: string, numbers: readonly number[]): void {
  const known = lines.get(file) ?? new Set();
  for (const number of numbers) known.add(number);
  lines.set(file, known);
}

function distinct(functions: readonly ChangedFunction[]): ChangedFunction[] {
  return [...new Map(functions.map((one) => [`${one.file}\0${one.name}`, one])).values()];
}

/** Two calls deep: small functions are inlined into small functions. */
function callersIn(
  pairs: readonly FilePair[],
  changed: readonly ChangedFunction[],
): ReadonlyMap<string, readonly string[]> {
  const bodies = pairs.flatMap(({ after }) => {
    const lines = after?.split('\n') ?? [];
    return functionsOf(lines).map(({ name, first, last }) => ({
      name,
      body: lines.slice(first, last).join('\n'),
    }));
  });
  const callers = new Map<string, string[]>();
  const names = new Set(changed.map(({ name }) => name));
  let wanted = new Map([...names].map((name): [string, string[]] => [name, [name]]));
  for (let depth = 0; depth < 2; depth++) {
    const next = new Map<string, string[]>();
    for (const { name, body } of bodies) {
      if (names.has(name) || callers.has(name)) continue;
      const called = [...wanted].filter(([callee]) => new RegExp(`\\b${callee}\\s*\\(`).test(body));
      const origins = [...new Set(called.flatMap(([, origin]) => origin))];
      if (origins.length > 0) next.set(name, origins);
    }
    for (const [name, origins] of next) callers.set(name, origins);
    wanted = next;
  }
  return callers;
}

/** Initialisers and definitions of locks (include/linux/mutex.h, spinlock.h, rwsem.h, seqlock.h, ...). */
const BRINGS =
  /\b(?:__?mutex_init|mutex_init|rt_mutex_init|spin_lock_init|raw_spin_lock_init|rwlock_init|init_rwsem|seqlock_init|seqcount_init|seqcount_\w+_init|lockdep_init_map|lockdep_register_key|DEFINE_(?:STATIC_)?(?:MUTEX|SPINLOCK|RAW_SPINLOCK|RWLOCK|SEQLOCK|PER_CPU_RWSEM)|DEFINE_STATIC_PERCPU_RWSEM|DECLARE_RWSEM|percpu_init_rwsem|local_lock_init)\s*\(([^;]*)/g;
/** Calls that take a lock, and the guards of include/linux/cleanup.h. */
const TAKES =
  /\b(?:(?:raw_)?(?:spin|read|write)_(?:try)?lock\w*|mutex_(?:try)?lock\w*|ww_mutex_lock\w*|rt_mutex_lock\w*|down(?:_read|_write)?(?:_\w+)?|percpu_down_\w+|local_lock\w*|(?:scoped_)?guard\s*\(\s*\w+\s*\))\s*\(([^;]*)/g;

function locksIn(added: readonly string[]): Pick<CodeChanges, 'ownLocks' | 'takenLocks'> {
  const text = added.join('\n');
  const names = (pattern: RegExp): Set<string> =>
    new Set(
      [...text.matchAll(pattern)]
        .map((match) => lastWord(firstArgument(match[1] ?? '')))
        .filter((name) => name !== ''),
    );
  return { ownLocks: names(BRINGS), takenLocks: names(TAKES) };
}

const firstArgument = (text: string): string => text.split(/[,)]/, 1)[0] ?? '';

/** `&ctx->uring_lock` and `ctx.uring_lock` to `uring_lock`: what lockdep's name for the class ends in as well. */
export const lastWord = (expression: string): string => /(\w+)\W*$/.exec(expression)?.[1] ?? '';
