import { parseFrame } from '../trace.ts';
import type { Frame, LockClass, LockdepReport, LockEdge, LockUse } from '../types.ts';
import { parseClass, parseLockUse } from './lock.ts';

const PRIMITIVE =
  /^(?:__lock_acquire|lock_acquire|check_\w+|validate_chain|(?:_?_?raw_)?_?(?:spin|read|write|raw)_\w*lock\w*|__?mutex_\w+|mutex_\w+|down_\w+|rt_mutex\w*|__rt_mutex\w*|ww_mutex\w*|__ww_mutex\w*|percpu_down\w*|_raw_\w+|__raw_\w+|lock_sock_nested|rwsem_\w+)$/;

/** The function that took the lock: the first frame below lockdep's and the lock's own functions. */
export const acquirer = (frames: readonly Frame[]): string | undefined =>
  frames.find((f) => !f.unreliable && f.func !== undefined && !PRIMITIVE.test(f.func.replace(/\..*$/, '')))
    ?.func;

interface Link {
  lock: LockClass;
  heading: string;
  frames: Frame[];
}

/** `-> #1 (&a){+.+.}-{3:3}:` and the stack below each (print_circular_bug_entry). */
function parseChain(bodies: readonly string[]): Link[] {
  const links: Link[] = [];
  let link: Link | undefined;
  for (const body of bodies) {
    const lock = /^\s*-> #\d{1,4} /.test(body) ? parseClass(body) : undefined;
    if (lock !== undefined) {
      link = { lock, heading: body.trim(), frames: [] };
      links.push(link);
      continue;
    }
    if (link === undefined) continue;
    const frame = parseFrame(body);
    if (frame !== undefined) link.frames.push(frame);
    else if (body.trim() !== '') link = undefined;
  }
  return links;
}

/** `-> #N .. -> #0` are printed newest last; each was taken while the next lower one's lock was held. */
function edgesOf(links: readonly Link[]): LockEdge[] {
  return links.map((link, i) => {
    const from = links[(i === 0 ? links.length : i) - 1] as Link;
    const acquiredIn = acquirer(link.frames);
    return {
      from: from.lock,
      to: link.lock,
      ...(acquiredIn === undefined ? {} : { acquiredIn }),
      trace: { heading: link.heading, frames: link.frames },
      isNew: i === links.length - 1,
    };
  });
}

function parseHeld(bodies: readonly string[]): LockUse[] {
  const held: LockUse[] = [];
  for (const body of bodies) {
    const use = /^\s*#\d{1,3}: /.test(body) ? parseLockUse(body) : undefined;
    if (use !== undefined) held.push(use);
  }
  return held;
}

/** The first lock printed after a line that says what it is. */
function lockAfter(bodies: readonly string[], what: RegExp): LockUse | undefined {
  const at = bodies.findIndex((b) => what.test(b));
  if (at < 0) return undefined;
  for (const body of bodies.slice(at, at + 4)) {
    const use = parseLockUse(body);
    if (use !== undefined) return use;
  }
  return undefined;
}

function parseScenario(bodies: readonly string[]): LockdepReport['scenario'] {
  const from = bodies.findIndex((b) => /unsafe locking scenario/.test(b));
  if (from < 0) return [];
  const rows: { cpu: number; action: string; lock?: string }[] = [];
  for (const body of bodies.slice(from + 1, from + 24)) {
    const m = /^( *)(?:(lock|rlock|sync)\((.{1,300})\);|(<Interrupt>|local_irq_disable\(\);))\s*$/.exec(body);
    if (m === null) {
      if (/DEADLOCK/.test(body)) break;
      continue;
    }
    rows.push({
      cpu: (m[1]?.length ?? 0) >= 20 ? 1 : 0,
      action: (m[2] ?? m[4] ?? '').replace(/[<>();]/g, ''),
      ...(m[3] === undefined ? {} : { lock: m[3] }),
    });
  }
  return rows;
}

/** The structure of any lockdep report; empty parts mean that the report has none. */
export function parseLockdep(kind: string, bodies: readonly string[]): LockdepReport {
  const links = parseChain(bodies);
  const held = parseHeld(bodies);
  const wanted =
    lockAfter(
      bodies,
      /is trying to (?:acquire|release|lock|contend|free)|which was nested|\[INITIAL USE\]|takes:$/,
    ) ??
    (/inversion|held-freed/.test(kind) ? lockAfter(bodies, /just changed the state|is freeing/) : undefined);
  const against = lockAfter(
    bodies,
    /already holding lock|is already holding|which lock already depends|but this lock (?:took|was)/,
  );
  const who = bodies
    .map((b) => /^(.{1,64})\/(\d{1,10})(?: \[.*\])? (?:is |just |takes)/.exec(b))
    .find((m) => m !== null);
  const usage = bodies
    .map((b) => /^inconsistent \{(.+?)\} -> \{(.+?)\} usage\./.exec(b))
    .find((m) => m !== null);
  const note = bodies.find((b) => /^but there are no |^turning off the locking/.test(b));
  let cycle: LockClass[] = links.map((l) => l.lock);
  if (cycle.length === 0 && /recursive|inconsistent/.test(kind) && wanted !== undefined)
    cycle = [wanted.lock];
  return {
    ...(who === undefined ? {} : { task: { comm: who[1] ?? '', pid: Number(who[2]) } }),
    ...(wanted === undefined ? {} : { wanted }),
    ...(against === undefined ? {} : { against }),
    cycle,
    edges: edgesOf(links),
    held,
    scenario: parseScenario(bodies),
    ...(usage === undefined ? {} : { usage: { from: usage[1] ?? '', to: usage[2] ?? '' } }),
    ...(note === undefined ? {} : { note }),
  };
}
