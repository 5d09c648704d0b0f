import type { Frame, KernelReport, LockEdge, LockUse } from '../klog/index.ts';
import { className } from '../klog/lockdep/lock.ts';
import { BYSTANDER } from '../klog/syzkaller/bystanders.ts';
import { tracedName } from './c-functions.ts';
import { type ChangedFunction, type CodeChanges, lastWord } from './changes.ts';

/** One sign that connects a report with a change. */
export interface Evidence {
  /** 0 to 1: how likely it alone makes the change the cause. */
  readonly weight: number;
  /** A function or a lock; of several signs about one thing only the strongest counts. */
  readonly about: string;
  /** One sentence. */
  readonly text: string;
}

/** How a frame's function stands to the changes. */
interface Touch {
  readonly func: string;
  readonly strength: number;
  /** Goes on from the function's name: `io_import_fixed, which the patch changes`. */
  readonly words: string;
}

/** A frame in a changed function or on a changed line; weaker when it only may contain one. */
function touch(frame: Frame, changes: CodeChanges): Touch | undefined {
  const name = frame.func === undefined ? undefined : tracedName(frame.func);
  const at = /^(?:\.\/)?(.+):(\d+)$/.exec(frame.at ?? '');
  if (at !== null && changes.addedLines.get(at[1] ?? '')?.has(Number(at[2])))
    return {
      func: name ?? '',
      strength: 1,
      words: `${name}, on a line that the patch adds (${at[1]}:${at[2]})`,
    };
  if (name === undefined) return undefined;
  const changed = changes.functions.find((f) => f.name === name);
  if (changed !== undefined) return { func: name, strength: 0.95, words: inPatch(changed) };
  // Static helpers are named after what calls them, and vanish in it.
  const inner = changes.functions.find((f) => /^_+/.test(f.name) && f.name.replace(/^_+/, '') === name);
  if (inner !== undefined)
    return {
      func: name,
      strength: 0.8,
      words: `${name}, around ${inner.name}, which the patch changes (${inner.file})`,
    };
  const inlined = changes.callers.get(name);
  if (inlined !== undefined)
    return {
      func: name,
      strength: 0.7,
      words: `${name}, which calls ${inlined.slice(0, 2).join(' and ')}, which the patch changes`,
    };
  return undefined;
}

const inPatch = ({ name, file }: ChangedFunction): string => `${name}, which the patch changes (${file})`;

/** Frames that somebody's code stands in: without the lock checker, primitives, and what was not confirmed. */
const own = (frames: readonly Frame[]): Frame[] =>
  frames.filter((f) => !f.unreliable && f.func !== undefined && !BYSTANDER.test(tracedName(f.func)));

/** The changed frame that says most: each step away from the scene makes it less telling. An inlined function is no step. */
function nearest(
  frames: readonly Frame[],
  changes: CodeChanges,
  perStep: number,
): (Touch & { readonly depth: number }) | undefined {
  let best: (Touch & { readonly depth: number }) | undefined;
  let depth = 0;
  for (const frame of own(frames)) {
    const found = touch(frame, changes);
    const strength = (found?.strength ?? 0) * Math.max(0.3, 1 - perStep * depth);
    if (found !== undefined && (best === undefined || strength > best.strength))
      best = { ...found, strength, depth };
    if (!frame.inlined) depth++;
  }
  return best;
}

/**
 * How much an edge counts. The new one was made by the code that ran when lockdep spoke; a recorded one may
 * have come from the patch as well, for chance decides which of two contradicting orders comes first.
 */
const EDGE_WEIGHT = { new: 1, recorded: 0.75, interrupt: 0.5 } as const;

/** Signs in one edge of a lock cycle: where it was taken, and whose locks they are. */
export function edgeEvidence(edge: LockEdge, changes: CodeChanges): Evidence[] {
  const [from, to] = [className(edge.from), className(edge.to)];
  const found: Evidence[] = [];
  const near = nearest(edge.trace.frames, changes, 0.25);
  if (near !== undefined) {
    const how =
      edge.how === 'new'
        ? 'The new order'
        : edge.how === 'recorded'
          ? 'The recorded order'
          : 'The interrupted order';
    const place = near.depth === 0 ? 'is taken in' : 'is taken below';
    found.push({
      weight: near.strength * EDGE_WEIGHT[edge.how],
      about: near.func,
      text: `${how} ${from} -> ${to} ${place} ${near.words}.`,
    });
  }
  for (const lock of new Set([edge.from, edge.to])) {
    const word = lastWord(lock.name);
    if (changes.ownLocks.has(word))
      found.push({
        weight: 0.9,
        about: `lock ${word}`,
        text: `${className(lock)} is a lock that the patch brings.`,
      });
  }
  if (near === undefined && changes.takenLocks.has(lastWord(edge.to.name)))
    found.push({
      weight: 0.3,
      about: `taken ${to}`,
      text: `The patch adds a place where ${to} is taken.`,
    });
  return found;
}

/** Signs in the places where locks are held that the report is about. */
export function held(report: KernelReport, changes: CodeChanges): Evidence[] {
  const { lockdep } = report;
  if (lockdep === undefined) return [];
  const uses: readonly (readonly [LockUse | undefined, number, string])[] = [
    [lockdep.wanted, 0.9, 'is taken in'],
    [lockdep.against, 0.6, 'is held since'],
    ...lockdep.held.map((use) => [use, 0.4, 'is held since'] as const),
  ];
  return uses.flatMap(([use, weight, verb]) => {
    const found = use?.at && touch(use.at, changes);
    if (use === undefined || found === undefined) return [];
    const text = `${className(use.lock)} ${verb} ${found.words}.`;
    return [{ weight: weight * found.strength, about: found.func, text }];
  });
}

/** Signs in a report's stacks: the first is where it was noticed, others tell of earlier steps (who allocated, who freed). */
export function traceEvidence(report: KernelReport, changes: CodeChanges): Evidence[] {
  const found: Evidence[] = [];
  if (report.ip !== undefined) {
    const at = touch(report.ip, changes);
    if (at !== undefined)
      found.push({ weight: at.strength, about: at.func, text: `The kernel stood in ${at.words}.` });
  }
  const shown = report.traces.filter((trace) => own(trace.frames).length > 0);
  for (const [index, trace] of shown.entries()) {
    const near = nearest(trace.frames, changes, 0.15);
    if (near === undefined) continue;
    const weight = near.strength * (index === 0 ? 1 : 0.75);
    const which = index === 0 ? 'Its stack' : `The stack "${trace.heading.replace(/[:\s]+$/, '')}"`;
    found.push({ weight, about: near.func, text: `${which} leads through ${near.words}.` });
  }
  return found;
}

/** First words of names that every part of the kernel uses. */
const COMMON_WORDS =
  /^(?:do|sys|get|put|set|new|is|to|init|exit|free|alloc|add|del|find|check|try|copy|read|write|open|close|start|stop|update|create|destroy|register|unregister|handle|process|show|store|print|test|kernel|user|ksys|vfs|x64|entry|asm|exc|ret|schedule|mutex|lock|wait|wake|work|worker|task|irq|run)$/;

/** `io` of `__io_sqe_buffers_update`: by convention the part of the kernel that a function belongs to. */
function family(name: string): string | undefined {
  const word = /^_*([a-z0-9]{2,})_/.exec(name)?.[1];
  return word === undefined || COMMON_WORDS.test(word) ? undefined : word;
}

const directory = (file: string): string => file.replace(/^\.\//, '').replace(/[^/]*$/, '');

/**
 * A weak sign: its stacks run through the part of the kernel that the patch changes, but not through what it changes.
 * Memory that was freed too early is found broken by whoever uses it.
 */
export function kinship(report: KernelReport, changes: CodeChanges): Evidence[] {
  const families = new Set(changes.functions.flatMap(({ name }) => family(name) ?? []));
  const directories = new Set([...changes.files].map(directory).filter((name) => name !== ''));
  const traces = [...report.traces, ...(report.lockdep?.edges ?? []).map(({ trace }) => trace)];
  const kin = traces
    .flatMap(({ frames }) => own(frames))
    .filter(
      ({ func = '', at }) =>
        families.has(family(tracedName(func)) ?? '') || (at !== undefined && directories.has(directory(at))),
    );
  if (kin.length === 0) return [];
  const names = [...new Set(kin.map(({ func = '' }) => tracedName(func)))].slice(0, 3).join(', ');
  const where = [...changes.files].find((file) => file.endsWith('.c')) ?? [...changes.files][0] ?? '';
  return [
    {
      weight: 0.3,
      about: 'family',
      text: `Its stacks run through ${names}, the part of the kernel that the patch changes (${where}).`,
    },
  ];
}
