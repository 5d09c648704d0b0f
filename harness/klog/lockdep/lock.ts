import { parseFrame } from '../trace.ts';
import type { Frame } from '../types.ts';
import type { LockClass, LockUse, Usage, WaitType } from './types.ts';

/**
 * `(name#2/1){+.+.}-{3:3}` as print_lock_name() writes it; before 5.7 without the wait types, up to 4.13
 * with six usage characters. Names hold brackets, spaces, arrows and ampersands.
 */
const LOCK =
  /\((?<name>.{1,300}?)\)\{(?<usage>[-+.?]{2,12})\}(?:-\{(?<outer>-?\d{1,2}):(?<inner>-?\d{1,2})\})?/;

/** Whether mutexes print as 4 (`raw`: CONFIG_PROVE_RAW_LOCK_NESTING) or as 3 (`flat`). */
export type Nesting = 'raw' | 'flat';

const WAIT_TYPES: Readonly<Record<Nesting, readonly WaitType[]>> = {
  raw: ['unchecked', 'free', 'raw-spin', 'spin', 'sleep', 'max'],
  flat: ['unchecked', 'free', 'spin', 'sleep', 'max'],
};

/** The name of a wait type's number. */
export const waitType = (n: number, nesting: Nesting): WaitType => WAIT_TYPES[nesting][n] ?? 'unchecked';

/** A lock that prints 3: a class in a chain or a dump with its stack below, or the one that is wanted. */
const OF_CHAIN = /^\s*-> .*\}-\{3:3\}/;
const WANTED = /^[0-9a-f]{8,16} \(.*\}-\{3:3\}/;
const ADDRESS = String.raw`^\s*(?:\[<[^>]{1,20}>\] {0,2})?`;
const SPINS = new RegExp(`${ADDRESS}_raw_(?:spin|read|write)_(?:try)?lock`);
const SLEEPS = new RegExp(
  `${ADDRESS}(?:__)?(?:mutex_lock|ww_mutex_lock|down_(?:read|write)|rwsem_|percpu_down)`,
);

/** Whether the first primitive in the lines behind `from` spins; undefined when there is none near. */
function spinsBelow(lines: readonly string[], from: number, count: number): boolean | undefined {
  const primitive = lines.slice(from + 1, from + 1 + count).find((b) => SPINS.test(b) || SLEEPS.test(b));
  return primitive === undefined ? undefined : SPINS.test(primitive);
}

/** Whether locks that print 3 are taken like spinlocks, by the stacks that go with them. */
function threeSpins(lines: readonly string[]): boolean | undefined {
  const linked = lines.findIndex((b) => OF_CHAIN.test(b));
  const there = linked < 0 ? undefined : spinsBelow(lines, linked, 8);
  if (there !== undefined) return there;
  const now = lines.findLastIndex((b) => b.startsWith('Call Trace:'));
  return now >= 0 && lines.slice(0, 12).some((b) => WANTED.test(b)) ? spinsBelow(lines, now, 16) : undefined;
}

/** Since 6.13 PROVE_LOCKING selects raw lock nesting (lib/Kconfig.debug). The kernel names itself below the header. */
function isRecent(lines: readonly string[]): boolean {
  const release = lines
    .map((b) => /^(\d{1,2})\.(\d{1,3})\.?\S{0,60} .{0,60}ainted/.exec(b))
    .find((m) => m !== null);
  const [major, minor] = [Number(release?.[1] ?? 0), Number(release?.[2] ?? 0)];
  return major > 6 || (major === 6 && minor >= 13);
}

/**
 * Which of the two numberings a report uses. A 4 (mutex) or 5 (task context) as inner type appears with
 * raw lock nesting only, a context of 4 only without; else what takes a lock that prints 3 tells.
 */
export function nestingOf(lines: readonly string[]): Nesting {
  const context = lines.find((b) => /^context-\{\d:/.test(b))?.[9];
  const bodies = lines.filter((b) => b.includes('{') && b.includes('}-{'));
  if (context === '5') return 'raw';
  if (context === '4' && !bodies.some((b) => /\}-\{\d:4\}/.test(b))) return 'flat';
  if (bodies.some((b) => /\}-\{(?:\d:[45]|[45]:\d)\}/.test(b))) return 'raw';
  const spins =
    bodies.some((b) => /\}-\{3:3\}, at: .{0,200}(?:spin_lock|_raw_(?:spin|read|write)_)/.test(b)) ||
    (threeSpins(lines) ?? isRecent(lines.slice(0, 4)));
  return spins ? 'raw' : 'flat';
}

function usageOf(chars: string, pair: number): Usage {
  const c = chars[pair] ?? '.';
  return { inInterrupt: c === '-' || c === '?', whileEnabled: c === '+' || c === '?' };
}

/** Splits `name#2/1` into name, version and subclass. */
export function parseClassName(text: string): LockClass {
  const g = /^(?<name>.*?)(?:#(?<version>\d{1,9}))?(?:\/(?<subclass>\d{1,3}))?$/s.exec(text)?.groups;
  return {
    name: g?.['name'] ?? text,
    ...(g?.['version'] === undefined ? {} : { version: Number(g['version']) }),
    ...(g?.['subclass'] === undefined ? {} : { subclass: Number(g['subclass']) }),
  };
}

/** The lock class on a line, or undefined. */
export function parseClass(line: string, nesting: Nesting): LockClass | undefined {
  const g = LOCK.exec(line)?.groups;
  if (g === undefined) return undefined;
  const usage = g['usage'] ?? '....';
  const [outer, inner] = [Number(g['outer']), Number(g['inner'])];
  // Up to 4.13 the middle pair was for memory reclaim.
  const soft = usage.length >= 4 ? 2 : 0;
  return {
    ...parseClassName(g['name'] ?? ''),
    usage,
    bits: {
      hardirq: usageOf(usage, 0),
      hardirqRead: usageOf(usage, 1),
      softirq: usageOf(usage, soft),
      softirqRead: usageOf(usage, soft + 1),
    },
    ...(g['outer'] === undefined
      ? {}
      : { wait: { outer, inner, outerType: waitType(outer, nesting), innerType: waitType(inner, nesting) } }),
  };
}

/** `, at: foo+0x1/0x2` or `, at: [<ffffffff81000000>] foo+0x1/0x2`. */
const siteOf = (line: string): Frame | undefined => {
  const at = /, at: {0,9}(\S.*)$/.exec(line)?.[1];
  return at === undefined ? undefined : parseFrame(at);
};

/** A line of print_lock(): ` #0: ffff8880 (&a){+.+.}-{3:3}, at: foo+0x1/0x2`. */
export function parseLockUse(line: string, nesting: Nesting): LockUse | undefined {
  const lock = parseClass(line, nesting);
  if (lock === undefined) return undefined;
  const address = /^\s*(?:#\d{1,3}: {1,2})?([0-9a-f]{8,16}) \(/.exec(line)?.[1];
  const depth = /^\s*#(\d{1,3}): /.exec(line)?.[1];
  const at = siteOf(line);
  return {
    lock,
    ...(address === undefined ? {} : { address }),
    ...(at === undefined ? {} : { at }),
    ...(depth === undefined ? {} : { depth: Number(depth) }),
  };
}

/** The class as it is the same in every run: `#N` depends on the order of registration, `/N` does not. */
export const className = (c: LockClass): string =>
  c.subclass === undefined ? c.name : `${c.name}/${c.subclass}`;

/** The class as this report prints it. */
export const printedName = (c: LockClass): string =>
  `${c.name}${c.version === undefined ? '' : `#${c.version}`}${c.subclass === undefined ? '' : `/${c.subclass}`}`;
