import { describe, expect, test } from 'vitest';
import { aPoint, aReport, observed } from './fixtures.ts';
import type { Observed } from './judge.ts';
import { looks, nextRound } from './next-round.ts';
import { generator } from './statistics/bootstrap.ts';

/** A test `NAME.x` that fails in the first so many of its runs. */
const side = (runs: number, failures: Record<string, number>, more: Partial<Observed> = {}): Observed =>
  observed(
    Object.entries(failures).flatMap(([name, count]) =>
      Array.from({ length: runs }, (_, index) =>
        aPoint(name, index < count ? 'FAIL' : 'PASS', { repetition: index + 1 }),
      ),
    ),
    more,
  );

describe('nextRound', () => {
  test('where nothing failed it has seen enough', () => {
    expect(nextRound(side(3, { a: 0, b: 0 }), side(3, { a: 0, b: 0 }), {})).toEqual({
      stop: 'no test failed on either kernel in 3 runs',
    });
  });

  test('goes on with the programs that failed, and with no others', () => {
    expect(nextRound(side(3, { a: 0, b: 0, c: 1 }), side(3, { a: 0, b: 1, c: 0 }), {})).toEqual({
      programs: ['b', 'c'],
    });
  });

  test('a failure that always shows with the patch alone is sure after six runs, not after three', () => {
    expect(nextRound(side(3, { a: 0 }), side(3, { a: 3 }), {})).toEqual({ programs: ['a'] });
    expect(nextRound(side(6, { a: 0 }), side(6, { a: 6 }), {})).toEqual({
      stop: 'after 6 runs it is sure that a.x fails with the patch',
    });
  });

  test('what always fails on both, or on base alone, needs no more', () => {
    expect(nextRound(side(3, { a: 3 }), side(3, { a: 3 }), {})).toHaveProperty('stop');
    expect(nextRound(side(3, { a: 3 }), side(3, { a: 0 }), {})).toHaveProperty('stop');
  });

  test('a new report is open until chance does not explain it', () => {
    const reported = (runs: number): Observed =>
      observed(
        Array.from({ length: runs }, (_, index) =>
          aPoint('a', 'PASS', { repetition: index + 1, reports: ['sig'] }),
        ),
        { reports: [aReport('sig', 'a')] },
      );
    expect(nextRound(side(3, { a: 0 }), reported(3), {})).toEqual({ programs: ['a'] });
    expect(nextRound(side(6, { a: 0 }), reported(6), {})).toEqual({
      stop: 'after 6 runs it is sure that a kernel report is new: sig',
    });
  });

  test('ends at the last look, and says what is open', () => {
    const most = looks.at(-1) ?? 0;
    expect(nextRound(side(most, { a: 9 }), side(most, { a: 12 }), {})).toEqual({
      stop: `${most} runs are the most that it takes, and it is open still: a`,
    });
  });

  test('a candidate that does not boot needs no more runs', () => {
    expect(nextRound(side(3, { a: 0 }), observed([], { bootFailure: { message: 'no' } }), {})).toEqual({
      stop: 'the patched kernel does not boot',
    });
  });

  test('two kernels that fail alike are hardly ever told apart', () => {
    const random = generator(7);
    let wrong = 0;
    for (let trial = 0; trial < 300; trial++) {
      const fails = [0, 1].map(() => Array.from({ length: 48 }, () => random() < 0.3));
      for (const runs of looks) {
        const [base, candidate] = fails.map((all) =>
          observed(
            all
              .slice(0, runs)
              .map((failed, index) => aPoint('a', failed ? 'FAIL' : 'PASS', { repetition: index + 1 })),
          ),
        );
        const next = nextRound(base as Observed, candidate as Observed, {});
        if (!('stop' in next)) continue;
        if (next.stop.includes('it is sure that')) wrong++;
        break;
      }
    }
    expect(wrong).toBeLessThan(0.05 * 300);
  });
});
