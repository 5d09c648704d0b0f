import { describe, expect, test } from 'vitest';
import { aPoint, judged, observed } from './fixtures.ts';
import { compareMeasurements } from './measurements.ts';
import { generator } from './statistics/bootstrap.ts';
import type { PointResult, Status } from './status.ts';
import { verdictSchema } from './verdict.ts';

/** A run of `p.x` with samples around a middle. */
function sampled(
  repetition: number,
  middle: number,
  { count = 100, status = 'PASS' }: { count?: number; status?: Status } = {},
): PointResult {
  const random = generator(repetition);
  const values = Array.from({ length: count }, () => Math.round(middle * (0.9 + 0.2 * random())));
  return aPoint('p', status, { repetition, samples: [{ name: 'wait', values }] });
}

const observedMs = (repetition: number, ms: number): PointResult =>
  aPoint('p', 'PASS', { repetition, observations: [{ key: 'took', value: String(ms), unit: 'ms' }] });

const four = (make: (repetition: number) => PointResult): PointResult[] => [1, 2, 3, 4].map(make);

describe('compareMeasurements', () => {
  test('samples of all runs: medians, their ratio and its interval', () => {
    const [one] = compareMeasurements(
      four((repetition) => sampled(repetition, 1_200_000)),
      four((repetition) => sampled(repetition + 10, 3_400_000)),
    );
    expect(one).toMatchObject({ test: 'p.x', name: 'wait', unit: 'ns', kind: 'samples', differs: true });
    expect(one?.base).toMatchObject({ runs: 4, count: 400 });
    expect(one?.median.ratio).toBeCloseTo(2.83, 1);
    expect(one?.median.ratioInterval?.[0]).toBeGreaterThan(2.7);
    expect(one?.p99).toBeUndefined();
    expect(one?.base.samples).toHaveLength(100);
    expect(one?.base.samples[0]).toBe(one?.base.quantiles.min);
    expect(one?.base.samples.at(-1)).toBe(one?.base.quantiles.max);
  });

  test('alike are alike', () => {
    const runs = four((repetition) => sampled(repetition, 1000));
    expect(compareMeasurements(runs, runs)[0]).toMatchObject({ differs: false, median: { difference: 0 } });
  });

  test('the last hundredth is compared where there are samples enough', () => {
    const many = four((repetition) => sampled(repetition, 1000, { count: 200 }));
    expect(compareMeasurements(many, many)[0]?.p99?.ratio).toBe(1);
  });

  test('an observation with a unit needs four runs, for each gives one only', () => {
    const [base, candidate] = [
      four((run) => observedMs(run, 10 + run)),
      four((run) => observedMs(run, 50 + run)),
    ];
    expect(compareMeasurements(base, candidate)[0]).toMatchObject({
      ...{ name: 'took', unit: 'ms', kind: 'observation', differs: true },
      median: { difference: 40 },
    });
    expect(compareMeasurements(base.slice(1), candidate)).toEqual([]);
  });

  test('what was measured before a failure does not count, nor what one kernel alone measured', () => {
    const base = four((run) => sampled(run, 1000));
    expect(
      compareMeasurements(
        base,
        four((run) => sampled(run, 9000, { status: 'FAIL' })),
      ),
    ).toEqual([]);
    expect(
      compareMeasurements(
        base,
        four((run) => observedMs(run, 1)),
      ),
    ).toEqual([]);
  });
});

describe('a verdict', () => {
  const base = observed(four((run) => sampled(run, 1000)));
  const slower = observed(four((run) => sampled(run, 2000)));
  const rule = {
    ...{ id: 'no-slower', tests: ['p.*'], kernels: '*', reason: 'because', source: 'here' },
    ...{ measurement: 'wait', ratioAtMost: 1.5 },
  };

  test('shows measurements and does not judge by them', () => {
    const { verdict, measurements } = judged(base, slower, { strict: true });
    expect(verdict).toBe('accepted');
    expect(measurements?.[0]?.differs).toBe(true);
    expect(verdictSchema.shape.measurements.safeParse(measurements).success).toBe(true);
  });

  test('judges by them where the policy says so, and the whole interval is beyond', () => {
    const slowness = () => [rule];
    expect(judged(base, slower, { slowness })).toMatchObject({ verdict: 'rejected' });
    expect(judged(base, slower, { slowness }).summary).toContain('policy no-slower: because');
    const little = observed(four((run) => sampled(run, 1510)));
    expect(judged(base, little, { slowness })).toMatchObject({ verdict: 'accepted' });
  });

  test('doubts where what the policy is about was not measured', () => {
    const slowness = () => [{ ...rule, measurement: 'wiat' }];
    expect(judged(base, base, { slowness }).summary).toContain('did not measure wiat');
  });

  test('of few runs only doubts', () => {
    const first = ({ points }: typeof base) => observed(points.slice(0, 1));
    const judgement = judged(first(base), first(slower), { slowness: () => [rule] });
    expect(judgement.verdict).toBe('inconclusive');
  });
});
