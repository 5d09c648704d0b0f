import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aPoint, judged, observed } from './fixtures.ts';
import type { Judgement, Observed } from './judge.ts';
import type { Status } from './status.ts';

/** So many runs of each status, of one test. */
const runs = (counts: Partial<Record<Status, number>>, name = 'x'): Observed =>
  observed(
    Object.entries(counts).flatMap(([status, count]) =>
      Array.from({ length: count }, (_, index) => aPoint(name, status as Status, { repetition: index + 1 })),
    ),
  );

const changeOf = ({ tests }: Judgement): string | undefined => tests[0]?.change;

describe('with repetitions', () => {
  test.each<[Partial<Record<Status, number>>, Partial<Record<Status, number>>, string, string]>([
    // Base never fails: one failure is enough, whatever chance says.
    [{ PASS: 20 }, { PASS: 15, FAIL: 5 }, 'regression', 'rejected'],
    [{ PASS: 3 }, { PASS: 2, FAIL: 1 }, 'regression', 'rejected'],
    [{ PASS: 1 }, { FAIL: 1 }, 'regression', 'rejected'],
    // Base fails now and then: only what chance does not explain is the patch's doing.
    [{ PASS: 17, FAIL: 3 }, { PASS: 15, FAIL: 5 }, 'flaky', 'inconclusive'],
    [{ PASS: 19, FAIL: 1 }, { PASS: 8, FAIL: 12 }, 'regression', 'rejected'],
    [{ PASS: 2, FAIL: 1 }, { FAIL: 3 }, 'flaky', 'inconclusive'],
    [{ PASS: 8, FAIL: 12 }, { PASS: 19, FAIL: 1 }, 'flaky', 'inconclusive'],
    [{ FAIL: 3 }, { FAIL: 3 }, 'fails on both', 'inconclusive'],
    [{ FAIL: 3 }, { PASS: 1, FAIL: 2 }, 'flaky', 'inconclusive'],
    // Passes with the patch.
    [{ FAIL: 3 }, { PASS: 3 }, 'fixed', 'accepted'],
    [{ PASS: 19, FAIL: 1 }, { PASS: 20 }, 'flaky', 'accepted'],
    [{ PASS: 8, FAIL: 12 }, { PASS: 20 }, 'fixed', 'accepted'],
    // Runs of base that nobody saw may have been failures.
    [{ PASS: 19, MISS: 1 }, { FAIL: 20 }, 'regression', 'rejected'],
    [{ PASS: 1, MISS: 1 }, { FAIL: 2 }, 'fails, base unknown', 'inconclusive'],
    [{ MISS: 20 }, { FAIL: 20 }, 'fails, base unknown', 'inconclusive'],
    [{ PASS: 20 }, { PASS: 19, MISS: 1 }, 'not observed', 'inconclusive'],
  ])('%o, then %o: %s, %s', (base, candidate, change, verdict) => {
    const judgement = judged(runs(base), runs(candidate));
    expect([changeOf(judgement), judgement.verdict]).toEqual([change, verdict]);
  });

  test('the numbers stand in the comparison', () => {
    const [one] = judged(runs({ PASS: 20 }), runs({ PASS: 15, FAIL: 5 })).tests;
    expect(one).toMatchObject({
      base: { failures: 0, observed: 20, rate: 0 },
      candidate: { failures: 5, observed: 20, rate: 0.25 },
    });
    expect(one?.p).toBeCloseTo(0.0471, 4);
    expect(one?.candidate.interval?.[0]).toBeCloseTo(0.1119, 4);
    expect(one?.candidate.interval?.[1]).toBeCloseTo(0.4687, 4);
  });

  test('what nobody saw has no rate, and what was skipped was no run', () => {
    const [one] = judged(runs({ PASS: 1, SKIP: 2 }), runs({ MISS: 2 })).tests;
    expect(one?.base).toMatchObject({ observed: 1, rate: 0 });
    expect(one?.candidate.rate).toBeUndefined();
    expect(one?.p).toBeUndefined();
  });

  test('the reason says how often', () => {
    const { summary } = judged(runs({ PASS: 19, FAIL: 1 }), runs({ PASS: 8, FAIL: 12 }));
    expect(summary).toBe(
      'rejected: x.x fails more often with the patch (12 of 20 runs, base 1 of 20, p=0.00043)',
    );
  });

  test('a rejection by few runs says that chance is not excluded', () => {
    expect(judged(runs({ PASS: 4 }), runs({ PASS: 2, FAIL: 2 })).summary).toContain(
      '(2 of 4 runs, base 0 of 4, p=0.43: only more runs tell it from chance)',
    );
    expect(judged(runs({ PASS: 1 }), runs({ FAIL: 1 })).summary).toBe(
      'rejected: x.x fails with the patch and not without',
    );
  });

  test('of many flaky tests a few differ by chance, and the correction knows it', () => {
    const many = (failures: number): Observed[] =>
      Array.from({ length: 30 }, (_, index) => runs({ PASS: 20 - failures, FAIL: failures }, `t${index}`));
    const [base, candidate] = [many(4), many(4)];
    candidate[0] = runs({ PASS: 8, FAIL: 12 }, 't0');
    const all = (sides: Observed[]): Observed => observed(sides.flatMap(({ points }) => points));
    const { tests } = judged(all(base), all(candidate));
    expect(tests[0]?.p).toBeLessThan(0.05);
    expect(tests[0]?.change).toBe('flaky');
  });

  test('a test that base never fails and the candidate does is never anything but a regression', () => {
    const counts = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), fc.nat(30));
    fc.assert(
      fc.property(counts, ([passes, failures, others]) => {
        const judgement = judged(runs({ PASS: passes }), runs({ FAIL: failures, PASS: others }));
        expect(judgement.verdict).toBe('rejected');
      }),
    );
  });
});
