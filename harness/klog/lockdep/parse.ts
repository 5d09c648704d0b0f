import type { Trace } from '../types.ts';
import type { Circle } from './cycle.ts';
import { circular, interrupted, inversion, recursive, safeUnsafe, waitContext } from './cycle.ts';
import type { Nesting } from './lock.ts';
import { nestingOf, parseClassName, waitType } from './lock.ts';
import type { Dump } from './sections.ts';
import {
  lockAfter,
  parseChain,
  parseChainNames,
  parseDumps,
  parseHeld,
  parseIrq,
  parseScenario,
} from './sections.ts';
import { traceAfter } from './stacks.ts';
import type { LockdepReport, LockUse } from './types.ts';

/** Whether the rest of a line was printed as another piece: after ` #0: ffff8880`, `, at:` or ` ->`. */
const dangles = (line: string): boolean =>
  line.endsWith(' ->') ||
  line.endsWith(', at:') ||
  line.endsWith(', at: ') ||
  /^\s*#\d{1,3}: {0,2}(?:[0-9a-f]{8,16})? ?$/.test(line);

/** Puts lines together again that lost their KERN_CONT pieces to another message: ` #0:`, ` (&a){..}, at:`. */
function unfold(bodies: readonly string[]): string[] {
  const out: string[] = [];
  for (const body of bodies) {
    const last = out.at(-1);
    if (last !== undefined && dangles(last) && body.trim() !== '')
      out[out.length - 1] = `${last.trimEnd()} ${body.trim()}`;
    else out.push(body);
  }
  return out;
}

/** `is trying to release lock (NAME) at:`, the address on the next line; also `contend`. */
function released(bodies: readonly string[]): LockUse | undefined {
  const at = bodies.findIndex((b) => b.includes('(') && / is trying to (?:release|contend) lock \(/.test(b));
  if (at < 0) return undefined;
  const name = /lock \((.{1,300})\) at:/.exec(bodies[at] ?? '')?.[1];
  const frame = traceAfter(bodies, at).frames[0];
  return { lock: parseClassName(name ?? ''), ...(frame === undefined ? {} : { at: frame }) };
}

const WANTS =
  / is trying to (?:acquire|lock)|\] takes:$| takes:$|just changed the state of lock|is freeing memory/;
const HOLDS =
  /already holding lock:|is already holding:|^but this lock (?:took another|was taken by another)/;

/** print_lock_nested_lock_not_held: the lock that should be held is named on a line of its own, without its class. */
function outerOf(bodies: readonly string[]): LockUse | undefined {
  const at = bodies.findIndex((b) => b.startsWith('but this task is not holding:'));
  const name = bodies[at + 1]?.trim();
  return at < 0 || name === undefined || name === '' ? undefined : { lock: parseClassName(name) };
}

function fact(bodies: readonly string[], re: RegExp): RegExpExecArray | undefined {
  for (const body of bodies) {
    const m = re.exec(body);
    if (m !== null) return m;
  }
  return undefined;
}

interface Parts {
  readonly bodies: readonly string[];
  readonly nesting: Nesting;
  readonly wanted: LockUse | undefined;
  readonly against: LockUse | undefined;
  readonly held: readonly LockUse[];
  readonly sections: readonly (readonly Dump[])[];
  /** The stack in which lockdep complained. */
  readonly now: Trace;
}

function cycleOf(kind: string, p: Parts): Circle {
  if (kind === 'circular')
    return circular(parseChain(p.bodies, p.nesting), { ...p, chain: parseChainNames(p.bodies) });
  if (kind === 'recursive') return recursive(p.against, p.wanted, p.now);
  if (kind === 'inconsistent') return interrupted(p.wanted, p.now);
  if (kind === 'wait-context') return waitContext(p.wanted, p.held, p.now);
  if (kind.startsWith('safe-unsafe')) return safeUnsafe(p.sections);
  if (kind === 'irq-inversion')
    return inversion(
      p.sections,
      p.bodies.some((b) => b.startsWith('but this lock took another')),
    );
  return { cycle: [], edges: [] };
}

/** Kinds that always close a cycle of dependencies: without one the report lost lines. */
function missing(kind: string, cycle: Circle, p: Parts): string | undefined {
  if (cycle.cycle.length > 0 || !/^(?:circular|irq-inversion|safe-unsafe|recursive|inconsistent)/.test(kind))
    return undefined;
  if (p.wanted === undefined) return 'the lock that is to be taken';
  return kind === 'circular' ? 'links of the dependency chain' : 'the dependencies between the locks';
}

function usageOf(bodies: readonly string[]): LockdepReport['usage'] {
  const m = fact(bodies, /^inconsistent \{(.{1,40}?)\} -> \{(.{1,40}?)\} usage\./);
  if (m === undefined) return undefined;
  const at = bodies.findIndex((b) => b.endsWith(' state was registered at:'));
  return { before: m[1] ?? '', now: m[2] ?? '', ...(at < 0 ? {} : { trace: traceAfter(bodies, at) }) };
}

/** What the kernel says in words, by how such lines begin or end. */
const NOTE_BEGINS =
  /^(?:but (?:there are no|this task is not|this lock (?:took|was))|and interrupts could|which (?:lock already|would create)|the code is fine|you didn't|or maybe|May be due|RCU used illegally|Possible false positive|and the lock comparison)/;
const NOTE_SAYS = /^.{1,80} is (?:leaving the kernel|freeing memory)/;
const isNote = (text: string): boolean =>
  NOTE_BEGINS.test(text) || (text.endsWith('!') && NOTE_SAYS.test(text));

/** The structure of a lockdep report of any kind (`kind` without `lockdep.`); parts it does not have are empty. */
export function parseLockdep(
  kind: string,
  lines: readonly string[],
  traces: readonly Trace[],
): LockdepReport {
  const bodies = unfold(lines);
  const nesting = nestingOf(bodies);
  const wanted = released(bodies) ?? lockAfter(bodies, WANTS, nesting);
  const against = kind === 'nested' ? outerOf(bodies) : lockAfter(bodies, HOLDS, nesting);
  const held = parseHeld(bodies, nesting);
  const sections = parseDumps(bodies, nesting);
  const now = traces.at(-1) ?? { heading: '', frames: [] };
  const who =
    fact(bodies, /^(.{1,64})\/(\d{1,10})(?: \[.{1,60}\])? (?:is |just |takes)/) ??
    fact(bodies, /^(?:\[ BUG: |WARNING: )(.{1,64})\/(\d{1,10}) still has locks held/);
  const check = fact(
    bodies.filter((b) => b.endsWith('!')),
    /^(\S{1,250}):(\d{1,7}) (\S.{0,250})!$/,
  );
  const context = fact(bodies, /^context-\{(\d):\d\}/);
  const usage = usageOf(bodies);
  const irq = parseIrq(bodies);
  const parts: Parts = { bodies, nesting, wanted, against, held, sections, now };
  const { lost, ...cycle } = cycleOf(kind, parts);
  const incomplete = missing(kind, cycle, parts);
  return {
    ...(who === undefined ? {} : { task: { comm: who[1] ?? '', pid: Number(who[2]) } }),
    ...(wanted === undefined ? {} : { wanted }),
    ...(against === undefined ? {} : { against }),
    ...cycle,
    held,
    histories: sections.flat().map(({ lock, states }) => ({ lock, states })),
    scenario: parseScenario(bodies),
    chain: parseChainNames(bodies),
    ...(irq === undefined ? {} : { irq }),
    ...(usage === undefined ? {} : { usage }),
    ...(context === undefined ? {} : { context: waitType(Number(context[1]), nesting) }),
    ...(check === undefined
      ? {}
      : { check: { file: check[1] ?? '', line: Number(check[2]), message: check[3] ?? '' } }),
    ...(lost === undefined ? {} : { abridged: lost }),
    ...(incomplete === undefined ? {} : { incomplete }),
    notes: bodies.map((b) => b.trim()).filter(isNote),
  };
}
