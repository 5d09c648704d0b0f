import { describe, expect, test } from 'vitest';
import { aPoint, judged, observed } from './fixtures.ts';
import { compareOrders, isLikely, type OrderRecord } from './lock-orders.ts';
import { changesOfDiffs } from './triage/changes.ts';
import { Dependencies } from './triage/dependencies.ts';

const noChanges = changesOfDiffs([]);

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
  const base = orders('boot>x a>b c>d');
  const compare = (candidate: OrderRecord[]) => compareOrders(base, candidate, noChanges);

  test('names what the patch adds, and under which programs', () => {
    const candidate = [record('p', 'boot>x', 'a>b a>e'), record('q', 'boot>x', 'a>e')];
    expect(compare(candidate)).toMatchObject([
      { from: 'a', to: 'e', meaning: 'new', newClasses: ['e'], programs: ['p', 'q'] },
    ]);
  });

  test('what base knows from another test, or the candidate from its boot, is no addition', () => {
    expect(compare([record('p', 'boot>y boot>x', 'c>d')])).toEqual([]);
  });

  test('sees two tests that take two locks in opposite orders, which no single kernel saw', () => {
    const candidate = [record('p', '', 'a>b'), record('q', '', 'b>a')];
    expect(compare(candidate)).toMatchObject([
      { from: 'b', to: 'a', meaning: 'opposite', path: ['a', 'b'], programs: ['q'] },
    ]);
  });

  test('what several runs recorded, or what is about a lock of the patch, is likely; a single run is not', () => {
    const likely = (candidate: OrderRecord[], changes = noChanges): boolean[] =>
      compareOrders(base, candidate, changes).map(isLikely);
    expect(likely([record('p', '', 'a>e')])).toEqual([false]);
    expect(likely([record('p', '', 'a>e'), record('p', '', 'a>e')])).toEqual([true]);
    expect(likely([record('p', '', 'a>e')], { ...noChanges, takenLocks: new Set(['e']) })).toEqual([true]);
  });

  test('nothing recorded is no comparison', () => {
    expect(compareOrders(undefined, [record('p', '', 'a>b')], noChanges)).toEqual([]);
    expect(compare([])).toEqual([]);
  });

  test('opposite orders leave a verdict open; a new order alone does not', () => {
    const verdict = (candidate: OrderRecord[]): string =>
      judged(observed([aPoint('p', 'PASS')]), observed([aPoint('p', 'PASS')], { orders: candidate }), {
        baseOrders: base,
      }).verdict;
    expect(verdict([record('p', '', 'b>a')])).toBe('inconclusive');
    expect(verdict([record('p', '', 'a>e')])).toBe('accepted');
  });
});
