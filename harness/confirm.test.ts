import { describe, expect, test } from 'vitest';
import { confirm, suspects, withConfirmation } from './confirm.ts';
import { judge } from './judge.ts';
import type { FoundReport, PointResult, Status } from './status.ts';
import type { Program, Suite } from './suite.ts';

const program = (name: string): Program => ({
  ...{ name, source: '', deadlineSeconds: 1, summary: '', invariants: [], distinguishes: [] },
  ...{ path: '', sha256: '', points: ['x'] },
});

const suite: Suite = {
  name: 's',
  title: 's',
  programs: [program('hangs'), program('fails'), program('fine')],
};

const point = (name: string, own: Status, more: Partial<PointResult> = {}): PointResult => ({
  ...{
    name: `${name}.x`,
    program: name,
    repetition: 1,
    status: own,
    own,
    observations: [],
    diagnostics: [],
    reports: [],
  },
  ...more,
});

const report: FoundReport = {
  ...{ signature: 'sig', kind: 'k', title: 't', text: '', program: 'fails', repetition: 1 },
  ...{ console: 'c', start: 0, end: 1 },
};

const allPass = suite.programs.map(({ name }) => point(name, 'PASS'));
const seen = [
  point('hangs', 'FAIL', { reason: 'hang: no result' }),
  point('fails', 'FAIL'),
  point('fine', 'PASS'),
];
const rejected = judge({ points: allPass, reports: [] }, { points: seen, reports: [] }, { strict: false });

describe('failures seen in forks', () => {
  test('suspects are the programs that speak against the candidate, quick ones first', () => {
    expect(suspects(rejected, suite, seen).map(({ name }) => name)).toEqual(['fails', 'hangs']);
  });

  test('a program behind a new report is a suspect, too', () => {
    const points = [
      point('hangs', 'PASS'),
      point('fails', 'PASS', { reports: ['sig'] }),
      point('fine', 'PASS'),
    ];
    const judgement = judge(
      { points: allPass, reports: [] },
      { points, reports: [report] },
      { strict: false },
    );
    expect(suspects(judgement, suite, points).map(({ name }) => name)).toEqual(['fails']);
  });

  test('one that fails again is enough, and stays a rejection', async () => {
    const tried: string[] = [];
    const confirmation = await confirm(rejected, suspects(rejected, suite, seen), async ({ name }) => {
      tried.push(name);
      return { points: [point(name, 'FAIL')], reports: [] };
    });
    expect(tried).toEqual(['fails']);
    const { verdict, summary } = withConfirmation(rejected, seen, confirmation);
    expect(verdict).toBe('rejected');
    expect(summary).toContain('fails.x fails with the patch and not without');
    expect(summary).toContain('seen again in a cold boot');
  });

  test('none that fails again leaves the verdict open', async () => {
    const confirmation = await confirm(rejected, suspects(rejected, suite, seen), async ({ name }) => ({
      points: [point(name, 'PASS')],
      reports: [],
    }));
    expect(confirmation.points).toHaveLength(4);
    expect(withConfirmation(rejected, seen, confirmation)).toMatchObject({ verdict: 'inconclusive' });
  });

  test('what no fork has shown needs no confirmation: a changed behaviour that strict refuses', () => {
    const [before, after] = ['4096', '-14'].map((value) => [
      point('fine', 'PASS', { observations: [{ key: 'r', value }] }),
    ]);
    const judgement = judge(
      { points: before ?? [], reports: [] },
      { points: after ?? [], reports: [] },
      { strict: true },
    );
    expect(suspects(judgement, suite, after ?? [])).toEqual([]);
    expect(withConfirmation(judgement, after ?? [], { points: [], reports: [] }).verdict).toBe('rejected');
  });
});
