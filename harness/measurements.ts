import type { MeasurementEntry } from './policy-schema.ts';
import {
  compareQuantile,
  type Difference,
  differsAmong,
  quantile,
  type Runs,
} from './statistics/bootstrap.ts';
import type { PointResult } from './status.ts';
import type { Measurement, TestComparison, Verdict } from './verdict.ts';

/** With fewer runs of each kernel, how runs differ among themselves is a guess, and intervals come out too narrow. */
export const enoughRuns = 4;

/** A hundredth of fewer samples than this is too few to say anything of. */
const enoughForP99 = 500;

/** So many samples of each kernel are kept with a verdict. */
const kept = 100;

/** How much slower a test's measurements may become, by the suite's policy. */
export type SlownessRules = (test: string) => readonly MeasurementEntry[];

/** Measurements of one name of one test, of one kernel, run by run. */
interface Series {
  readonly unit: string;
  readonly kind: Measurement['kind'];
  readonly runs: number[][];
}

/**
 * Compares what tests measured where they passed: samples, and observations with a unit, of which each run gives one
 * only, where there are enough runs.
 */
export function compareMeasurements(
  base: readonly PointResult[],
  candidate: readonly PointResult[],
): Measurement[] {
  const [was, is] = [seriesByTest(base), seriesByTest(candidate)];
  const pairs = [...is].flatMap(([test, series]) =>
    [...series].flatMap(([name, after]): Pair[] => {
      const before = was.get(test)?.get(name);
      if (!before || before.unit !== after.unit || before.kind !== after.kind) return [];
      if (after.kind === 'observation' && Math.min(before.runs.length, after.runs.length) < enoughRuns)
        return [];
      return [{ test, name, before, after }];
    }),
  );
  return pairs.map((pair) => comparePair(pair, pairs.length));
}

/** What both kernels measured under one name. */
interface Pair {
  readonly test: string;
  readonly name: string;
  readonly before: Series;
  readonly after: Series;
}

/** @param of how many measurements are compared in this trial */
function comparePair({ test, name, before, after }: Pair, of: number): Measurement {
  const median = compareQuantile(before.runs, after.runs, 0.5);
  const [base, candidate] = [distribution(before.runs), distribution(after.runs)];
  const tail = Math.min(base.count, candidate.count) >= enoughForP99;
  return {
    ...{ test, name, unit: after.unit, kind: after.kind, base, candidate, median: plain(median) },
    ...(tail ? { p99: plain(compareQuantile(before.runs, after.runs, 0.99)) } : {}),
    differs: differsAmong(median, of),
  };
}

function plain({
  differenceInterval,
  ratioInterval,
  standardErrors: _,
  ...rest
}: Difference): Measurement['median'] {
  return {
    ...rest,
    differenceInterval: [...differenceInterval],
    ...(ratioInterval ? { ratioInterval: [...ratioInterval] } : {}),
  };
}

function distribution(runs: Runs): Measurement['base'] {
  const sorted = runs.flat().toSorted((a, b) => a - b);
  const at = (part: number): number => quantile(sorted, part);
  const thin = (_: unknown, index: number): number =>
    sorted[Math.round((index * (sorted.length - 1)) / (kept - 1))] ?? 0;
  return {
    runs: runs.length,
    count: sorted.length,
    quantiles: {
      ...{ min: at(0), p5: at(0.05), p25: at(0.25), p50: at(0.5) },
      ...{ p75: at(0.75), p95: at(0.95), p99: at(0.99), max: at(1) },
    },
    samples: sorted.length <= kept ? sorted : Array.from({ length: kept }, thin),
  };
}

function seriesByTest(points: readonly PointResult[]): Map<string, Map<string, Series>> {
  const tests = new Map<string, Map<string, Series>>();
  // What a test measured before it failed was measured on something else.
  for (const point of points.filter(({ own }) => own === 'PASS')) {
    const series = tests.get(point.name) ?? new Map<string, Series>();
    tests.set(point.name, series);
    for (const { name, values } of point.samples ?? [])
      add(series, name, { unit: 'ns', kind: 'samples', runs: [[...values]] });
    for (const { key, value, unit } of point.observations) {
      const number = Number(value);
      if (unit === undefined || !Number.isFinite(number) || ofSamples(key, point)) continue;
      add(series, key, { unit, kind: 'observation', runs: [[number]] });
    }
  }
  return tests;
}

function add(all: Map<string, Series>, name: string, more: Series): void {
  const series = all.get(name);
  if (!series) all.set(name, more);
  else if (series.unit === more.unit && series.kind === more.kind) series.runs.push(...more.runs);
}

/** The figures that the tests' library prints of its samples (tests/lib/samples.c) say nothing more than those. */
const ofSamples = (key: string, point: PointResult): boolean =>
  (point.samples ?? []).some(({ name }) => ['p50', 'p99_9', 'max'].some((part) => key === `${name}_${part}`));

/** What the suite's policy makes of the measurements of tests that passed on both kernels. */
export const reasonsOfSlowness = (
  tests: readonly TestComparison[],
  measurements: readonly Measurement[],
  rules: SlownessRules = () => [],
): Verdict['reasons'] =>
  tests
    .filter(({ base, candidate }) => base.own === 'PASS' && candidate.own === 'PASS')
    .flatMap((test) =>
      rules(test.name).flatMap((rule) => {
        const found = measurements.find((one) => one.test === test.name && one.name === rule.measurement);
        return found ? tooSlow(found, rule) : unmeasured(test, rule);
      }),
    );

function tooSlow(
  { test, name, median, base, candidate }: Measurement,
  { id, ratioAtMost, reason }: MeasurementEntry,
): Verdict['reasons'] {
  const [low] = median.ratioInterval ?? [];
  if (low === undefined || median.ratio === undefined || low <= ratioAtMost) return [];
  const times = `${median.ratio.toPrecision(2)} times as long with the patch (at 95 % at least ${low.toPrecision(2)})`;
  const text = `${test}: ${name} takes ${times}, more than ${ratioAtMost}: policy ${id}: ${reason}`;
  const about = { subject: `${test} ${name}` };
  return Math.min(base.runs, candidate.runs) >= enoughRuns
    ? [{ ...about, weight: 'reject', text }]
    : [{ ...about, weight: 'doubt', text: `${text}; ${enoughRuns} runs would decide` }];
}

/** A rule about something that no run printed would hold nothing; an observation of too few runs is just not compared. */
function unmeasured(test: TestComparison, { id, measurement }: MeasurementEntry): Verdict['reasons'] {
  const printed = test.candidate.observations.flat().some(({ key }) => key === measurement);
  const text = `${test.name} did not measure ${measurement} on both kernels, which policy ${id} is about`;
  return printed ? [] : [{ weight: 'doubt', subject: `${test.name} ${measurement}`, text }];
}
