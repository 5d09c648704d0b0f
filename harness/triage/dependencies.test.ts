import { describe, expect, test } from 'vitest';
import { Dependencies, mergeDependencies, parseDependencies } from './dependencies.ts';
import { describeAdded, diffDependencies, type Recorded } from './dependency-diff.ts';
import { packedGolden } from './fixtures.ts';

function load(name: string): Dependencies {
  const found = parseDependencies(packedGolden(`${name}.lockdep.gz`));
  if (found === undefined) throw new Error(`${name} is no /proc/lockdep`);
  return found;
}

/** `a b` : b was taken while a was held. */
const graph = (...orders: readonly string[]): Dependencies => {
  const after = new Map<string, Set<string>>();
  for (const order of orders) {
    const [from = '', to = ''] = order.split(' ');
    after.set(from, (after.get(from) ?? new Set()).add(to));
    after.set(to, after.get(to) ?? new Set());
  }
  return new Dependencies(after, new Set());
};

const added = (recorded: Recorded): string[] =>
  diffDependencies(recorded).added.map(({ meaning, from, to }) => `${meaning}: ${from} ${to}`);

describe('parseDependencies', () => {
  test('reads what a booted 6.1 prints', () => {
    const base = load('base-after');
    expect(base.classes.length).toBeGreaterThan(300);
    expect(base.has('console_lock', 'fs_reclaim')).toBe(true);
    expect(base.has('fs_reclaim', 'console_lock')).toBe(false);
    expect(base.has('&mm->mmap_lock', '&mm->mmap_lock/1')).toBe(true);
    expect(base.classes.filter((name) => name.includes('#'))).toEqual([]);
    expect(base.shared).toContain('&sb->s_type->i_mutex_key');
    expect(base.path('&ctx->uring_lock', '&rq->__lock')?.[0]).toBe('&ctx->uring_lock');
  });

  test('a kernel that follows its own order has no circle', () => {
    const base = load('base-after');
    const circles = base.classes.flatMap((from) =>
      [...(base.after.get(from) ?? [])].filter((to) => from !== to && base.path(to, from) !== undefined),
    );
    expect(circles).toEqual([]);
  });

  test('reads the form that CONFIG_DEBUG_LOCKDEP gives, and one with \\r', () => {
    const text =
      'all lock classes:\r\n00000000a4b2c1d0 OPS:     123 FD:    2 BD:    1 +.+.: &a#2/1\r\n -> [00000000deadbeef] b\r\n\r\n';
    expect(parseDependencies(text)?.has('&a/1', 'b')).toBe(true);
  });

  test.each(['', 'cat: /proc/lockdep: No such file or directory\n', 'all lock classes:\n'])(
    'takes %j for no answer',
    (text) => expect(parseDependencies(text)).toBeUndefined(),
  );

  test('a path leads through no name that stands for several locks', () => {
    const after = new Map([
      ['a', new Set(['lock'])],
      ['lock', new Set(['b'])],
      ['b', new Set<string>()],
    ]);
    expect(new Dependencies(after, new Set()).path('a', 'b')).toEqual(['a', 'lock', 'b']);
    expect(new Dependencies(after, new Set(['lock'])).path('a', 'b')).toBeUndefined();
  });
});

describe('diffDependencies', () => {
  const before = { base: load('base-before'), candidate: load('inversion-before') };

  test('shows what a patch adds in real kernels, without any report of lockdep, and little else', () => {
    const diff = diffDependencies({ base: load('base-after'), candidate: load('inversion-after'), before });
    const told = diff.added.filter(({ meaning }) => meaning === 'opposite' || meaning === 'new');
    expect(told.map(({ from, to }) => [from, to])).toEqual([
      ['&ctx->uring_lock', '&ctx->buf_table_lock'],
      ['&ctx->buf_table_lock', '&mm->mmap_lock'],
    ]);
    expect(told[0]?.newClasses).toEqual(['&ctx->buf_table_lock']);
    expect(diff.added.length).toBeLessThan(8);
  });

  test('without what was recorded before the test, differences of the boots come in', () => {
    const recorded = { base: load('base-after'), candidate: load('inversion-after') };
    const noisy = diffDependencies(recorded).added.length;
    expect(noisy).toBeGreaterThan(diffDependencies({ ...recorded, before }).added.length);
  });

  test('says what an added order means, the dangerous first', () => {
    const many = Array.from({ length: 12 }, (_, i) => `holder${i} slab`);
    const base = graph('a b', 'b c', 'x y', ...many);
    const candidate = graph('a b', 'b c', 'a c', 'y x', 'a slab', 'a new', 'a a.wait_lock', ...many);
    expect(added({ base, candidate })).toEqual([
      'opposite: y x',
      'new: a new',
      'implied: a c',
      'everyday: a slab',
      'everyday: a a.wait_lock',
    ]);
  });

  test('finds an opposite order that leads over other locks, and one of two boots of the candidate', () => {
    expect(added({ base: graph('b m', 'm a'), candidate: graph('a b') })).toEqual(['opposite: a b']);
    const candidate = mergeDependencies([graph('a b'), graph('b a')]);
    expect(added({ base: graph('a z'), candidate })).toEqual(['opposite: a b', 'opposite: b a']);
  });

  test('tells what is gone', () => {
    const { added, removed } = diffDependencies({ base: graph('a b', 'b c'), candidate: graph('a b') });
    expect(added).toEqual([]);
    expect(removed).toEqual([{ from: 'b', to: 'c' }]);
  });

  test('speaks in sentences', () => {
    const [first] = diffDependencies({ base: graph('b a'), candidate: graph('a b') }).added;
    expect(first && describeAdded(first)).toBe(
      'b is now taken while a is held; the opposite order b -> a is recorded too, so the two can deadlock.',
    );
  });
});
