import { describe, expect, test } from 'vitest';
import { aPoint, aReport, judged, observed } from '../fixtures.ts';
import type { Status } from '../status.ts';
import { underSchedules } from './compare.ts';
import { scheduleList } from './list.ts';

const schedules = scheduleList(
  { count: 3, seed: 1 },
  { accelerator: 'tcg', vcpus: 2, preemption: [], functions: { changed: [], usual: [] } },
);

const run = (...statuses: Status[]) =>
  statuses.map((status, index) => aPoint('p', status, { schedule: index + 1 }));

const compared = (base: Status[], candidate: Status[], signatures: (number | undefined)[] = []) => {
  const reports = signatures.map((schedule) => ({ ...aReport('sig', 'p'), schedule }));
  const sides = { base: observed(run(...base)), candidate: observed(run(...candidate), { reports }) };
  return underSchedules(judged(sides.base, sides.candidate), sides, schedules);
};

describe('a judgement under schedules', () => {
  test('names the one schedule that shows a failure', () => {
    const { verdict, summary } = compared(['PASS', 'PASS', 'PASS'], ['PASS', 'FAIL', 'PASS']);
    expect(verdict).toBe('rejected');
    expect(summary).toMatch(/p\.x fails .* \(seen under schedule 2: 1 vCPU, icount shift=\d\)$/);
  });

  test('counts several, and is silent when all of them do', () => {
    expect(compared(['PASS', 'PASS', 'PASS'], ['PASS', 'FAIL', 'FAIL']).summary).toMatch(
      /\(seen under schedules 2, 3 of 3\)$/,
    );
    expect(compared(['PASS', 'PASS', 'PASS'], ['FAIL', 'FAIL', 'FAIL']).summary).not.toMatch(/schedule/);
  });

  test('says of each test what it did under each schedule', () => {
    const [only] = compared(['PASS', 'PASS', 'PASS'], ['PASS', 'MISS', 'PASS']).tests;
    expect(only?.candidate.schedules).toEqual([
      { schedule: 1, counts: { PASS: 1 } },
      { schedule: 2, counts: { MISS: 1 } },
      { schedule: 3, counts: { PASS: 1 } },
    ]);
  });

  test('says under which schedules a report was printed', () => {
    const judgement = compared(['PASS', 'PASS', 'PASS'], ['PASS', 'PASS', 'PASS'], [3]);
    expect(judgement.reports[0]?.schedules).toEqual([3]);
    expect(judgement.summary).toMatch(/seen under schedule 3: /);
  });
});
