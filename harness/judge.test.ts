import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aPoint, aReport, judged, observed } from './fixtures.ts';
import type { Observed } from './judge.ts';
import { type Status, statuses } from './status.ts';

const verdictOf = (base: Observed, candidate: Observed, strict = false): string =>
  judged(base, candidate, { strict }).verdict;

describe('judge', () => {
  test.each<[Status, Status, string]>([
    ['PASS', 'PASS', 'accepted'],
    ['PASS', 'FAIL', 'rejected'],
    ['PASS', 'MISS', 'inconclusive'],
    ['PASS', 'ERROR', 'inconclusive'],
    ['PASS', 'SKIP', 'inconclusive'],
    ['FAIL', 'PASS', 'accepted'],
    ['FAIL', 'FAIL', 'inconclusive'],
    ['MISS', 'PASS', 'accepted'],
    ['MISS', 'FAIL', 'inconclusive'],
    ['SKIP', 'FAIL', 'inconclusive'],
  ])('base %s, candidate %s: %s', (base, candidate, expected) => {
    const anchor = aPoint('anchor', 'PASS');
    expect(verdictOf(observed([anchor, aPoint('x', base)]), observed([anchor, aPoint('x', candidate)]))).toBe(
      expected,
    );
  });

  test('one failing repetition of many is a failure', () => {
    const base = observed([1, 2, 3].map((repetition) => aPoint('x', 'PASS', { repetition })));
    const candidate = observed(
      [1, 2, 3].map((repetition) => aPoint('x', repetition === 2 ? 'FAIL' : 'PASS', { repetition })),
    );
    expect(verdictOf(base, candidate)).toBe('rejected');
  });

  test('a report that only the candidate gives rejects, one that both give does not', () => {
    const good = [aPoint('x', 'PASS')];
    expect(verdictOf(observed(good), observed(good, { reports: [aReport('r')] }))).toBe('rejected');
    expect(
      verdictOf(observed(good, { reports: [aReport('r')] }), observed(good, { reports: [aReport('r')] })),
    ).toBe('accepted');
  });

  test('changed behaviour is accepted and counted, and rejected when strict', () => {
    const base = observed([aPoint('x', 'PASS', { observations: [{ key: 'result', value: '4096' }] })]);
    const candidate = observed([aPoint('x', 'PASS', { observations: [{ key: 'result', value: '-14' }] })]);
    expect(judged(base, candidate).summary).toBe('accepted, 1 behaviour changed');
    expect(verdictOf(base, candidate, true)).toBe('rejected');
  });

  test('a measurement is no behaviour, nor is a value that both kernels show', () => {
    const side = (values: string[], unit?: string): Observed =>
      observed(
        values.map((value, repetition) =>
          aPoint('x', 'PASS', { repetition, observations: [{ key: 'k', value, unit }] }),
        ),
      );
    expect(judged(side(['3'], 'ms'), side(['900'], 'ms'), { strict: true }).behaviours).toEqual([]);
    expect(judged(side(['a', 'b']), side(['b', 'c']), { strict: true }).behaviours).toEqual([]);
    expect(judged(side(['a']), side(['b']), { strict: true }).behaviours).toHaveLength(1);
  });

  test('a data race that nothing connects with the patch is a doubt: KCSAN meets what it meets by chance', () => {
    const point = [aPoint('x', 'PASS')];
    const race = observed(point, { reports: [aReport('r', 'x', { kind: 'kcsan' })] });
    expect(verdictOf(observed(point), race)).toBe('inconclusive');
    expect(verdictOf(observed(point), observed(point, { reports: [aReport('r', 'x')] }))).toBe('rejected');
  });

  test('a candidate that does not boot is rejected', () => {
    const base = observed([aPoint('x', 'PASS')]);
    expect(verdictOf(base, { ...observed([]), bootFailure: { message: 'It panicked' } })).toBe('rejected');
  });

  test('nothing observed is nothing accepted', () => {
    expect(verdictOf(observed([]), observed([]))).toBe('inconclusive');
    expect(verdictOf(observed([aPoint('x', 'SKIP')]), observed([aPoint('x', 'SKIP')]))).toBe('inconclusive');
  });

  test('never accepted while any test of the candidate is not PASS or SKIP', () => {
    const points = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...statuses)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(points, points, (base, candidate) => {
        const toSeen = (list: [string, Status][]): Observed =>
          observed(list.map(([name, status]) => aPoint(name, status)));
        const bad = candidate.some(([, status]) => status !== 'PASS' && status !== 'SKIP');
        if (bad) expect(verdictOf(toSeen(base), toSeen(candidate))).not.toBe('accepted');
      }),
    );
  });
});
