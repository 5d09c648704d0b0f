import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isFull } from './corpus.ts';
import type { Frame, KernelReport, LockClass, LockUse, Trace } from './index.ts';
import { explain, readLog } from './index.ts';
import { printedName } from './lockdep/lock.ts';

/** Consoles of kernels that were made to report, by tree: see goldens/README.md. */
const DIR = new URL('./goldens/', import.meta.url);
const TREES = ['6.1', '7.2'] as const;
type Tree = (typeof TREES)[number];
const read = (tree: Tree, name: string): KernelReport[] =>
  readLog(readFileSync(new URL(`${tree}/${name}.log`, DIR)));

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
    blocker: r.blocker && `${r.blocker.lock} of ${r.blocker.task.comm}/${r.blocker.task.pid}`,
    ip: r.ip && frame(r.ip),
    titles: r.titles,
    firstLine: r.text.split('\n')[0]?.slice(23),
    lastLine: r.text.trimEnd().split('\n').at(-1)?.slice(23),
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
    explanation: explain(r),
  };
}

type Kinds = readonly string[];
const repeated = (times: number, kind: string): Kinds => Array.from({ length: times }, () => kind);
const both = (...kinds: string[]): Record<Tree, Kinds> => ({ '6.1': kinds, '7.2': kinds });

/** Kinds that each console must give, in order: written by hand from what the provoking function does. */
const EXPECTED: Readonly<Record<string, Partial<Record<Tree, Kinds>>>> = {
  circular: both('lockdep.circular'),
  circular_three: both('lockdep.circular'),
  circular_work: both('lockdep.circular'),
  circular_read: { '7.2': ['lockdep.circular'] },
  circular_srcu: { '7.2': ['lockdep.circular'] },
  recursive: both('lockdep.recursive'),
  inconsistent_hardirq: { '6.1': ['lockdep.inconsistent'], '7.2': ['lockdep.wait-context'] },
  inconsistent_softirq: both('lockdep.inconsistent'),
  inversion_forwards: both('lockdep.irq-inversion'),
  inversion_backwards: both('lockdep.irq-inversion'),
  safe_unsafe_hardirq: { '6.1': ['lockdep.safe-unsafe.hardirq'], '7.2': ['lockdep.wait-context'] },
  safe_unsafe_softirq: both('lockdep.safe-unsafe.softirq'),
  inconsistent_hardirq_raw: { '7.2': ['lockdep.inconsistent'] },
  safe_unsafe_hardirq_raw: { '7.2': ['lockdep.safe-unsafe.hardirq'] },
  safe_unsafe_chain_raw: { '7.2': ['lockdep.safe-unsafe.hardirq'] },
  safe_unsafe_chain: { '6.1': ['lockdep.safe-unsafe.hardirq'], '7.2': ['lockdep.wait-context'] },
  wait_context: both('sched.sleep', 'lockdep.wait-context'),
  wait_context_raw: { '7.2': ['lockdep.wait-context'] },
  wait_context_irq: { '7.2': ['lockdep.wait-context'] },
  nested: both('lockdep.nested'),
  unlock_balance: both('lockdep.unlock-balance', 'rwsem', 'rwsem'),
  held_freed: both('lockdep.held-freed'),
  still_held: both('lockdep.still-held'),
  returns_with_lock: both('lockdep.ret-user'),
  rcu_dereference_unlocked: both('lockdep.rcu'),
  rcu_sleep: both('sched.sleep', 'lockdep.wait-context'),
  nonstatic_key: both('lockdep.nonstatic'),
  invalid_subclass: { '6.1': ['lockdep.subclass'], '7.2': ['lockdep.internal'] },
  unregistered_key: both('lockdep.key'),
  too_deep: both('lockdep.off.depth'),
  off_keys: { '7.2': ['lockdep.off.keys'] },
  off_entries: { '7.2': ['lockdep.off.entries'] },
  off_hlocks: { '7.2': ['lockdep.off.hlocks'] },
  off_stack: { '7.2': ['lockdep.off.stack'] },
  wrong_owner: both('lockdep.unlock-balance'),
  spinlock_magic: both('spinlock'),
  rwlock_owner: both('rwlock'),
  sleep_in_atomic: both('sched.sleep'),
  schedule_in_atomic: { '6.1': ['sched.atomic'] },
  assume_atomic: { '7.2': ['sched.assume-atomic'] },
  assume_non_migratable: { '7.2': ['sched.nonmig'] },
  schedule_non_block: { '7.2': ['sched.nonblock'] },
  rcu_voluntary: { '7.2': ['sched.rcu-voluntary'] },
  rcu_stall_other: { '7.2': ['rcu.stall.other'] },
  loop_on_other_cpu: both('softlockup', 'rcu.stall.self'),
  hang_task: both(...repeated(10, 'hung.task')),
  hang_rwsem: { '7.2': repeated(6, 'hung.task') },
  hang_semaphore: { '7.2': repeated(6, 'hung.task') },
  hang_io: { '7.2': ['hung.task', 'hung.task.iowait'] },
  workqueue_lockup: { '6.1': ['wq.lockup', 'wq.lockup'] },
  workqueue_leak: {
    '6.1': ['wq.leak.old', 'lockdep.circular'],
    '7.2': ['wq.leak.new', 'lockdep.circular', 'wq.leak.new'],
  },
  warn_plain: { '6.1': ['warn.old'], '7.2': ['warn.new'] },
  warn_text: { '6.1': ['warn.old'], '7.2': ['warn.new'] },
  bug: { '6.1': ['bug'] },
  null_pointer: both('oops.null'),
  page_fault: both('oops.page'),
  non_canonical: { '6.1': ['oops.gpf.old'], '7.2': ['oops.gpf'] },
  jump_to_null: both('oops.null'),
  divide: both('oops.divide'),
  refcount_underflow: both('refcount'),
  refcount_resurrect: { '7.2': ['refcount'] },
  refcount_overflow: { '7.2': ['refcount'] },
  list_add_twice: { '7.2': ['list.add'] },
  list_corrupt: both('list.del'),
  double_free: { '6.1': ['slub.free', 'slub'], '7.2': ['slub.free', 'warn.new'] },
  redzone: { '6.1': ['slub.redzone'], '7.2': ['slub.redzone', 'warn.new'] },
  poison: { '7.2': ['slub', 'warn.new'] },
  destroy_busy_cache: { '6.1': ['slub.old-remain', 'warn.old'] },
  bad_page_state: both('bad.page'),
  alloc_fail: both('alloc.fail'),
  page_tables_left: { '7.2': ['pgtables'] },
  panic_now: both('panic'),
  uring_lock_inversion: { '6.1': ['lockdep.circular'] },
};

const goldens = Object.entries(EXPECTED).flatMap(([name, trees]) =>
  (Object.entries(trees) as [Tree, Kinds][]).map(([tree, kinds]) => ({ tree, name, kinds })),
);

describe('consoles of provoked kernels', () => {
  test.each(TREES)('are all listed: %s', (tree) => {
    const found = readdirSync(new URL(`${tree}/`, DIR)).filter((f) => f.endsWith('.log'));
    const listed = goldens.filter((g) => g.tree === tree).map((g) => `${g.name}.log`);
    expect(found.toSorted()).toEqual(listed.toSorted());
  });

  test.each(goldens)('$tree $name gives $kinds', async ({ tree, name, kinds }) => {
    const reports = read(tree, name);
    expect(reports.map((r) => r.kind)).toEqual(kinds);
    for (const r of reports.filter((found) => found.lockdep !== undefined)) expect(isFull(r)).toBe(true);
    await expect(`${JSON.stringify(reports.map(digest), undefined, 1)}\n`).toMatchFileSnapshot(
      `goldens/${tree}/${name}.golden.json`,
    );
  });
});

describe('the cycles in them', () => {
  const cycle = (name: string, tree: Tree = '6.1'): unknown[] => {
    const lockdep = read(tree, name).at(-1)?.lockdep;
    return [lockdep?.cycle.map((c) => c.name), lockdep?.edges.map((e) => `${e.how} ${e.acquiredIn}`)];
  };

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

  test('of 7.2: through readers that are waited for, and through raw spinlocks', () => {
    expect(cycle('circular_srcu', '7.2')).toEqual([
      ['table_srcu', 'table_lock'],
      ['recorded table_under_srcu', 'new synchronize_under_table'],
    ]);
    expect(cycle('safe_unsafe_chain_raw', '7.2')).toEqual([
      ['raw_irq_lock', 'raw_middle_lock', 'raw_lock'],
      ['recorded raw_under_irq_lock', 'new raw_under_middle', 'interrupt undefined'],
    ]);
  });

  test('of wait contexts: the sleeping lock under the spinning one', () => {
    expect(cycle('wait_context')).toEqual([['plain_lock', 'table_lock'], ['new wait_context']]);
  });
});
