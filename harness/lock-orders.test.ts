import { describe, expect, test } from 'vitest';
import { aPoint, judged, observed } from './fixtures.ts';
import { compareOrders, type OrderRecord } from './lock-orders.ts';
import { Dependencies } from './triage/dependencies.ts';

/** `a>b a>c`: b and c were taken while a was held. */
function orders(text: string): Dependencies {
  const after = new Map<string, Set<string>>();
  for (const pair of text.split(' ').filter(Boolean)) {
    const [from = '', to = ''] = pair.split('>');
    for (const name of [from, to]) if (!after.has(name)) after.set(name, new Set());
    after.get(from)?.add(to);
  }
  return new Dependencies(after, new Set());
}

const record = (program: string, before: string, during: string): OrderRecord => ({
  program,
  before: orders(before),
  after: orders(`${before} ${during}`),
});

describe('compareOrders', () => {
  const base = [record('p', 'boot>x', 'a>b'), record('q', 'boot>x', 'c>d')];

  test('names what the patch adds, and under which programs', () => {
    const candidate = [record('p', 'boot>x', 'a>b a>e'), record('q', 'boot>x', 'a>e')];
    expect(compareOrders(base, candidate)).toMatchObject([
      { from: 'a', to: 'e', meaning: 'new', newClasses: ['e'], programs: ['p', 'q'] },
    ]);
  });

  test('what base knows from another test, or the candidate from its boot, is no addition', () => {
    expect(compareOrders(base, [record('p', 'boot>y boot>x', 'c>d')])).toEqual([]);
  });

  test('sees two tests that take two locks in opposite orders, which no single kernel saw', () => {
    const candidate = [record('p', '', 'a>b'), record('q', '', 'b>a')];
    expect(compareOrders(base, candidate)).toMatchObject([
      { from: 'b', to: 'a', meaning: 'opposite', path: ['a', 'b'], programs: ['q'] },
    ]);
  });

  test('nothing recorded is no comparison', () => {
    expect(compareOrders([], [record('p', '', 'a>b')])).toEqual([]);
    expect(compareOrders(base, [])).toEqual([]);
  });

  test('opposite orders leave a verdict open; a new order alone does not', () => {
    const verdict = (candidate: OrderRecord[]): string =>
      judged(observed([aPoint('p', 'PASS')], { orders: base }), {
        ...observed([aPoint('p', 'PASS')]),
        orders: candidate,
      }).verdict;
    expect(verdict([record('p', '', 'b>a')])).toBe('inconclusive');
    expect(verdict([record('p', '', 'a>e')])).toBe('accepted');
  });
});
