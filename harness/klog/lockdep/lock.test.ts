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
