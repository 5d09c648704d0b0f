import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isFull } from './corpus.ts';
import type { Frame, KernelReport, LockClass, LockUse, Trace } from './index.ts';
import { readLog } from './index.ts';
import { printedName } from './lockdep/lock.ts';

/** Consoles of kernels that were made to report: see goldens/README.md. */
const DIR = new URL('./goldens/', import.meta.url);
const read = (name: string): KernelReport[] => readLog(readFileSync(new URL(`${name}.log`, DIR)));

const hex = (n: number | undefined): string => `0x${(n ?? 0).toString(16)}`;
const frame = (f: Frame): string =>
  `${f.unreliable ? '? ' : ''}${f.func ?? '?'}${f.offset === undefined ? '' : `+${hex(f.offset)}/${hex(f.size)}`}`;
const stack = (t: Trace | undefined): string[] => (t?.frames ?? []).map(frame);
const lock = (c: LockClass): string =>
  `${printedName(c)} {${c.usage}} ${c.wait === undefined ? '' : `${c.wait.outerType}:${c.wait.innerType}`}`.trim();
const use = (u: LockUse | undefined): string | undefined =>
  u &&
  `${u.depth === undefined ? '' : `#${u.depth} `}${u.address ?? ''} ${lock(u.lock)} at ${u.at?.func}`.trim();

/** A report as a reviewer can read it: every part of the structure, frames and locks in one line each. */
function digest(r: KernelReport): unknown {
  const l = r.lockdep;
  return {
    kind: r.kind,
    title: r.title,
    signature: r.signature,
    severity: r.severity,
    task: r.task,
    cpu: r.cpu,
    context: r.context,
    taint: r.taint,
    corrupted: r.corrupted,
    secondary: r.secondary,
    panic: r.panic,
    ip: r.ip && frame(r.ip),
    titles: r.titles,
    firstLine: r.text.split('\n')[0]?.slice(24),
    lastLine: r.text.trimEnd().split('\n').at(-1)?.slice(24),
    lockdep: l && {
      ...l,
      task: l.task && `${l.task.comm}/${l.task.pid}`,
      wanted: use(l.wanted),
      against: use(l.against),
      cycle: l.cycle.map(lock),
      edges: l.edges.map((e) => ({
        edge: `${e.how}: ${printedName(e.from)} -> ${printedName(e.to)} in ${e.acquiredIn}`,
        stack: stack(e.trace),
      })),
      held: l.held.map(use),
      histories: l.histories.map((h) => ({
        lock: lock(h.lock),
        states: Object.fromEntries(h.states.map((s) => [s.state, stack(s.trace)])),
      })),
      scenario: l.scenario.map((s) => `CPU${s.cpu} ${s.action}${s.lock === undefined ? '' : ` ${s.lock}`}`),
      irq: l.irq && {
        ...l.irq,
        events: l.irq.events.map((e) => `${e.what} (${e.stamp}) at ${e.at && frame(e.at)}`),
      },
      usage: l.usage && { ...l.usage, trace: stack(l.usage.trace) },
    },
    traces:
      l === undefined ? r.traces.map((t) => ({ heading: t.heading, stack: stack(t) })) : r.traces.length,
  };
}

/** Kinds that each console must give, in order: written by hand from what the provoking function does. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  circular: ['lockdep.circular'],
  circular_three: ['lockdep.circular'],
  circular_work: ['lockdep.circular'],
  recursive: ['lockdep.recursive'],
  inconsistent_hardirq: ['lockdep.inconsistent'],
  inconsistent_softirq: ['lockdep.inconsistent'],
  inversion_forwards: ['lockdep.irq-inversion'],
  inversion_backwards: ['lockdep.irq-inversion'],
  safe_unsafe_hardirq: ['lockdep.safe-unsafe.hardirq'],
  safe_unsafe_softirq: ['lockdep.safe-unsafe.softirq'],
  safe_unsafe_chain: ['lockdep.safe-unsafe.hardirq'],
  wait_context: ['sched.sleep', 'lockdep.wait-context'],
  nested: ['lockdep.nested'],
  unlock_balance: ['lockdep.unlock-balance', 'rwsem', 'rwsem'],
  held_freed: ['lockdep.held-freed'],
  still_held: ['lockdep.still-held'],
  returns_with_lock: ['lockdep.ret-user'],
  rcu_dereference_unlocked: ['lockdep.rcu'],
  rcu_sleep: ['sched.sleep', 'lockdep.wait-context'],
  nonstatic_key: ['lockdep.nonstatic'],
  invalid_subclass: ['lockdep.subclass'],
  unregistered_key: ['lockdep.key'],
  too_deep: ['lockdep.off.depth'],
  wrong_owner: ['lockdep.unlock-balance'],
  uring_lock_inversion: ['lockdep.circular'],
  spinlock_magic: ['spinlock'],
  rwlock_owner: ['rwlock'],
  sleep_in_atomic: ['sched.sleep'],
  schedule_in_atomic: ['sched.atomic'],
  loop_on_other_cpu: ['softlockup', 'rcu.stall.self'],
  hang_task: Array.from({ length: 10 }, () => 'hung.task'),
  workqueue_lockup: ['wq.lockup', 'wq.lockup'],
  workqueue_leak: ['wq.leak.old', 'lockdep.circular'],
  warn_plain: ['warn.old'],
  warn_text: ['warn.old'],
  bug: ['bug'],
  null_pointer: ['oops.null'],
  page_fault: ['oops.page'],
  non_canonical: ['oops.gpf.old'],
  jump_to_null: ['oops.null'],
  divide: ['oops.divide'],
  refcount_underflow: ['refcount'],
  list_corrupt: ['list.del'],
  double_free: ['slub.free', 'slub'],
  redzone: ['slub.redzone'],
  destroy_busy_cache: ['slub.old-remain', 'warn.old'],
  bad_page_state: ['bad.page'],
  alloc_fail: ['alloc.fail'],
  panic_now: ['panic'],
};

describe('consoles of provoked kernels', () => {
  test('are all listed', () => {
    const found = readdirSync(DIR).filter((f) => f.endsWith('.log'));
    expect(found.map((f) => f.slice(0, -4)).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
  });

  test.each(Object.entries(EXPECTED))('%s gives %j', async (name, kinds) => {
    const reports = read(name);
    expect(reports.map((r) => r.kind)).toEqual(kinds);
    for (const r of reports.filter((found) => found.lockdep !== undefined)) expect(isFull(r)).toBe(true);
    await expect(`${JSON.stringify(reports.map(digest), undefined, 1)}\n`).toMatchFileSnapshot(
      `goldens/${name}.golden.json`,
    );
  });
});

describe('the cycles in them', () => {
  const cycle = (name: string): unknown[] => [
    read(name)
      .at(-1)
      ?.lockdep?.cycle.map((c) => c.name),
    read(name)
      .at(-1)
      ?.lockdep?.edges.map((e) => `${e.how} ${e.acquiredIn}`),
  ];

  test('of three locks: every edge with the function that takes the second lock', () => {
    expect(cycle('circular_three')).toEqual([
      ['table_lock', 'file_lock', 'map_sem'],
      ['recorded file_under_table', 'recorded map_under_file', 'new table_under_map'],
    ]);
  });

  test('through an interrupt: the path from the irq-safe to the irq-unsafe lock, closed by it', () => {
    expect(cycle('safe_unsafe_chain')).toEqual([
      ['irq_lock', 'middle_lock', 'plain_lock'],
      ['recorded middle_chain', 'new plain_under_middle', 'interrupt undefined'],
    ]);
    expect(cycle('inversion_forwards')).toEqual([
      ['irq_lock', 'plain_lock'],
      ['recorded plain_under_irq_lock_bh', 'interrupt undefined'],
    ]);
    expect(cycle('inversion_backwards')).toEqual([
      ['irq_lock', 'plain_lock'],
      ['recorded plain_under_irq_lock_bh', 'interrupt undefined'],
    ]);
  });

  test('of wait contexts: the sleeping lock under the spinning one', () => {
    expect(cycle('wait_context')).toEqual([['plain_lock', 'table_lock'], ['new wait_context']]);
  });
});
