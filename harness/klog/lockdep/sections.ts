import { parseFrame } from '../trace.ts';
import type { Trace } from '../types.ts';
import type { Nesting } from './lock.ts';
import { parseClass, parseLockUse } from './lock.ts';
import { traceAfter } from './stacks.ts';
import type { IrqState, LockClass, LockHistory, LockUse, ScenarioStep } from './types.ts';

/** `N locks held by comm/pid:` and the ` #i: ` lines below (lockdep_print_held_locks). */
export function parseHeld(bodies: readonly string[], nesting: Nesting): LockUse[] {
  const held: LockUse[] = [];
  for (const body of bodies) {
    const use = /^\s*#\d{1,3}: /.test(body) ? parseLockUse(body, nesting) : undefined;
    if (use !== undefined) held.push(use);
  }
  return held;
}

/** The lock that a phrase introduces: on its own line or one of the next three. */
export function lockAfter(bodies: readonly string[], phrase: RegExp, nesting: Nesting): LockUse | undefined {
  const at = bodies.findIndex((b) => phrase.test(b));
  if (at < 0) return undefined;
  for (const body of bodies.slice(at, at + 4)) {
    const use = parseLockUse(body, nesting);
    if (use !== undefined) return use;
  }
  return undefined;
}

/** A link of the chain: `-> #1 (&a){+.+.}-{3:3}:` and the stack below (print_circular_bug_entry). */
export interface Link {
  readonly number: number;
  readonly lock: LockClass;
  readonly trace: Trace;
}

export function parseChain(bodies: readonly string[], nesting: Nesting): Link[] {
  const links: Link[] = [];
  bodies.forEach((body, i) => {
    const number = /^\s*-> #(\d{1,4}):? /.exec(body)?.[1];
    const lock = number === undefined ? undefined : parseClass(body, nesting);
    if (lock !== undefined) links.push({ number: Number(number), lock, trace: traceAfter(bodies, i) });
  });
  return links;
}

/** A class with its history, and the stack in which it was acquired on the way (print_shortest_lock_dependencies). */
export interface Dump extends LockHistory {
  readonly acquired?: Trace;
}

/** The dumps of each `the ... dependencies between` section, in the order printed. */
export function parseDumps(bodies: readonly string[], nesting: Nesting): Dump[][] {
  const sections: Dump[][] = [];
  let dump: { lock: LockClass; states: { state: string; trace: Trace }[]; acquired?: Trace } | undefined;
  bodies.forEach((body, i) => {
    if (/^the (?:shortest )?dependencies between /.test(body)) {
      dump = undefined;
      sections.push([]);
      return;
    }
    const lock = body.endsWith('{') && /^ *-> ?\(/.test(body) ? parseClass(body, nesting) : undefined;
    if (lock !== undefined) {
      dump = { lock, states: [] };
      sections.at(-1)?.push(dump);
      return;
    }
    if (dump === undefined || !body.includes(' at:')) return;
    const state = /^\s+((?:IN-|INITIAL |\w+-ON-)[A-Z_ -]{1,40}) at:/.exec(body)?.[1];
    if (state !== undefined) dump.states.push({ state: state.trim(), trace: traceAfter(bodies, i) });
    else if (/^\s*\.\.\. {1,2}acquired at:/.test(body)) dump.acquired = traceAfter(bodies, i);
  });
  return sections;
}

const ACTIONS = { lock: 'lock', rlock: 'rlock', sync: 'sync' } as const;

/** The `Possible [interrupt] unsafe locking scenario` table. */
export function parseScenario(bodies: readonly string[]): ScenarioStep[] {
  const from = bodies.findIndex((b) => b.includes('unsafe locking scenario'));
  const steps: ScenarioStep[] = [];
  if (from < 0) return steps;
  for (const body of bodies.slice(from + 1, from + 24)) {
    if (body.includes('*** DEADLOCK')) break;
    const cpu = (/^ */.exec(body)?.[0].length ?? 0) >= 20 ? 1 : 0;
    const m = /^ *(lock|rlock|sync)\((.{1,300})\);$/.exec(body.trimEnd());
    if (m !== null) steps.push({ cpu, action: ACTIONS[m[1] as keyof typeof ACTIONS], lock: m[2] ?? '' });
    else if (body.includes('<Interrupt>')) steps.push({ cpu, action: 'interrupt' });
    else if (body.includes('local_irq_disable')) steps.push({ cpu, action: 'irq-disable' });
  }
  return steps;
}

/** `Chain exists of:` and `  a --> b --> c` below it. */
export function parseChainNames(bodies: readonly string[]): string[] {
  const at = bodies.findIndex((b) => b.startsWith('Chain exists of'));
  return at < 0 ? [] : (bodies[at + 1] ?? '').trim().split(' --> ');
}

/** `[HC0[0]:SC0[0]:HE1:SE1]` and `hardirqs last  enabled at (12): [<...>] foo+0x1/0x2` (print_irqtrace_events). */
export function parseIrq(bodies: readonly string[]): IrqState | undefined {
  const m = bodies
    .filter((b) => b.includes('[') && b.includes('[HC'))
    .map((b) => /\[HC(\d)\[(\d{1,9})\]:SC(\d)\[(\d{1,9})\]:HE(\d):SE(\d)\]/.exec(b))
    .find((found) => found !== null);
  if (m === null || m === undefined) return undefined;
  const [hc, hn, sc, sn, he, se] = m.slice(1).map(Number);
  const events = bodies.flatMap((b) => {
    const e = /^((?:hard|soft)irqs last) {1,2}((?:en|dis)abled) at \((\d{1,12})\): (.*)$/.exec(b);
    if (e === null) return [];
    const at = parseFrame(e[4] ?? '');
    return [{ what: `${e[1]} ${e[2]}`, stamp: Number(e[3]), ...(at === undefined ? {} : { at }) }];
  });
  return {
    hardirq: { inside: hc === 1, depth: hn ?? 0, enabled: he === 1 },
    softirq: { inside: sc === 1, depth: sn ?? 0, enabled: se === 1 },
    events,
  };
}
