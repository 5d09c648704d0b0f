import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, type Observed } from './judge.ts';
import { type FoundReport, type PointResult, type Status, statuses } from './status.ts';

const point = (name: string, status: Status, more: Partial<PointResult> = {}): PointResult => ({
  name,
  program: 'p',
  repetition: 1,
  status,
  own: status,
  observations: [],
  diagnostics: [],
  reports: [],
  ...more,
});

const report = (signature: string): FoundReport => ({
  signature,
  kind: 'lockdep.circular',
  title: signature,
  text: '',
  program: 'p',
  repetition: 1,
  console: 'c',
  start: 0,
  end: 1,
});

const seen = (points: PointResult[], reports: FoundReport[] = []): Observed => ({ points, reports });
const verdictOf = (base: Observed, candidate: Observed, strict = false): string =>
  judge(base, candidate, { strict }).verdict;

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
    const anchor = point('anchor', 'PASS');
    expect(verdictOf(seen([anchor, point('x', base)]), seen([anchor, point('x', candidate)]))).toBe(expected);
  });

  test('one failing repetition of many is a failure', () => {
    const base = seen([1, 2, 3].map((repetition) => point('x', 'PASS', { repetition })));
    const candidate = seen(
      [1, 2, 3].map((repetition) => point('x', repetition === 2 ? 'FAIL' : 'PASS', { repetition })),
    );
    expect(verdictOf(base, candidate)).toBe('rejected');
  });

  test('a report that only the candidate gives rejects, one that both give does not', () => {
    const good = [point('x', 'PASS')];
    expect(verdictOf(seen(good), seen(good, [report('r')]))).toBe('rejected');
    expect(verdictOf(seen(good, [report('r')]), seen(good, [report('r')]))).toBe('accepted');
  });

  test('changed behaviour is accepted and counted, and rejected when strict', () => {
    const base = seen([point('x', 'PASS', { observations: [{ key: 'result', value: '4096' }] })]);
    const candidate = seen([point('x', 'PASS', { observations: [{ key: 'result', value: '-14' }] })]);
    expect(judge(base, candidate, { strict: false }).summary).toBe('accepted, 1 behaviour changed');
    expect(verdictOf(base, candidate, true)).toBe('rejected');
  });

  test('a measurement is no behaviour, nor is a value that both kernels show', () => {
    const side = (values: string[], unit?: string): Observed =>
      seen(
        values.map((value, repetition) =>
          point('x', 'PASS', { repetition, observations: [{ key: 'k', value, unit }] }),
        ),
      );
    expect(judge(side(['3'], 'ms'), side(['900'], 'ms'), { strict: true }).behaviours).toEqual([]);
    expect(judge(side(['a', 'b']), side(['b', 'c']), { strict: true }).behaviours).toEqual([]);
    expect(judge(side(['a']), side(['b']), { strict: true }).behaviours).toHaveLength(1);
  });

  test('a candidate that does not boot is rejected', () => {
    const base = seen([point('x', 'PASS')]);
    expect(verdictOf(base, { ...seen([]), bootFailure: { message: 'It panicked' } })).toBe('rejected');
  });

  test('nothing observed is nothing accepted', () => {
    expect(verdictOf(seen([]), seen([]))).toBe('inconclusive');
    expect(verdictOf(seen([point('x', 'SKIP')]), seen([point('x', 'SKIP')]))).toBe('inconclusive');
  });

  test('never accepted while any test of the candidate is not PASS or SKIP', () => {
    const points = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...statuses)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(points, points, (base, candidate) => {
        const toSeen = (list: [string, Status][]): Observed =>
          seen(list.map(([name, status]) => point(name, status)));
        const bad = candidate.some(([, status]) => status !== 'PASS' && status !== 'SKIP');
        if (bad) expect(verdictOf(toSeen(base), toSeen(candidate))).not.toBe('accepted');
      }),
    );
  });
});
