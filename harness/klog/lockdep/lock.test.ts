import { describe, expect, test } from 'vitest';
import { nestingOf, parseClass, parseClassName, parseLockUse } from './lock.ts';

describe('parseClassName', () => {
  test.each([
    ['&ctx->uring_lock', '&ctx->uring_lock', undefined, undefined],
    ['sb_writers#3', 'sb_writers', 3, undefined],
    ['&pipe->mutex/1', '&pipe->mutex', undefined, 1],
    ['&type->s_umount_key#42/1', '&type->s_umount_key', 42, 1],
    ['(wq_completion)events', '(wq_completion)events', undefined, undefined],
    ['&(&r->lock)->rlock#2', '&(&r->lock)->rlock', 2, undefined],
  ])('splits %j', (text, name, version, subclass) => {
    const c = parseClassName(text);
    expect([c.name, c.version, c.subclass]).toEqual([name, version, subclass]);
  });
});

describe('parseClass', () => {
  test('names usage by interrupt', () => {
    const c = parseClass(' (&a){?.+-}-{2:2}', 'flat');
    expect(c?.bits).toEqual({
      hardirq: { inInterrupt: true, whileEnabled: true },
      hardirqRead: { inInterrupt: false, whileEnabled: false },
      softirq: { inInterrupt: false, whileEnabled: true },
      softirqRead: { inInterrupt: true, whileEnabled: false },
    });
  });

  test('a mutex sleeps whatever number its wait type has', () => {
    expect(parseClass('(&m){+.+.}-{3:3}', 'flat')?.wait?.innerType).toBe('sleep');
    expect(parseClass('(&m){+.+.}-{4:4}', 'raw')?.wait?.innerType).toBe('sleep');
    expect(parseClass('(&s){+.+.}-{2:2}', 'flat')?.wait?.innerType).toBe('spin');
    expect(parseClass('(&s){+.+.}-{3:3}', 'raw')?.wait?.innerType).toBe('spin');
    expect(parseClass('(&s){+.+.}-{2:2}', 'raw')?.wait?.innerType).toBe('raw-spin');
  });

  test('takes names with brackets whole', () => {
    expect(parseClass('ffff ((console_sem).lock){-.-.}, at: a+0x1/0x2', 'flat')?.name).toBe(
      '(console_sem).lock',
    );
    expect(parseClass('((work_completion)(&peer->work)){+.+.}-{0:0}, at: a+0x1/0x2', 'flat')?.name).toBe(
      '(work_completion)(&peer->work)',
    );
  });
});

test('parseLockUse reads address, depth and site, old and new', () => {
  expect(parseLockUse(' #1: ffff888001234567 (&a){+.+.}-{3:3}, at: f+0x1/0x2', 'flat')).toMatchObject({
    depth: 1,
    address: 'ffff888001234567',
    at: { func: 'f' },
  });
  expect(parseLockUse(' #0:  (&a/1){+.+.+.}, at: [<ffffffff81000000>] f+0x1/0x2', 'flat')).toMatchObject({
    depth: 0,
    lock: { name: '&a', subclass: 1 },
    at: { func: 'f' },
  });
});

test('nestingOf tells the two numberings apart', () => {
  expect(nestingOf(['context-{5:5}'])).toBe('raw');
  expect(nestingOf(['(&a){....}-{3:3}', 'context-{4:4}'])).toBe('flat');
  expect(nestingOf(['(&a){....}-{4:4}'])).toBe('raw');
  expect(nestingOf(['(&a){....}-{3:3}'])).toBe('flat');
});

describe('nestingOf, where only threes are printed,', () => {
  const chain = (primitive: string): string[] => [
    '6.9.0 #1 Not tainted',
    '-> #1 (entry_lock){++++}-{3:3}:',
    `       ${primitive}+0x2a/0x39`,
    '       entry_under_plain+0x1/0x2',
  ];
  const wanted = (primitive: string): string[] => [
    'ffffffff81e31d38 (irq_lock){....}-{3:3}, at: irq_takes_lock+0x10/0x1e',
    'context-{2:2}',
    'Call Trace:',
    ' dump_stack+0x10/0x12',
    ' __lock_acquire+0x471/0x1113',
    ` ${primitive}+0x2a/0x39`,
    ' irq_takes_lock+0x10/0x1e',
  ];

  test.each([
    ['a link of the chain taken by spinning', chain('_raw_write_lock'), 'raw'],
    ['a link of the chain taken by sleeping', chain('down_read'), 'flat'],
    ['the lock that is wanted, taken by spinning', wanted('_raw_spin_lock'), 'raw'],
    ['the lock that is wanted, taken by sleeping', wanted('__mutex_lock'), 'flat'],
    ['else a recent release', ['7.2.13 #1 Not tainted', '(&a){....}-{3:3}'], 'raw'],
    ['else an older release', ['6.12.9 #1 Tainted: G        W', '(&a){....}-{3:3}'], 'flat'],
  ])('goes by %s', (_by, lines, nesting) => {
    expect(nestingOf(lines)).toBe(nesting);
  });
});
