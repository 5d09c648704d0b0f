import { describe, expect, test } from 'vitest';
import { confirm, suspects, withConfirmation } from './confirm.ts';
import { aPoint, aReport, judged, observed } from './fixtures.ts';
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

const allPass = suite.programs.map(({ name }) => aPoint(name, 'PASS'));
const seen = [
  aPoint('hangs', 'FAIL', { reason: 'hang: no result' }),
  aPoint('fails', 'FAIL'),
  aPoint('fine', 'PASS'),
];
const rejected = judged(observed(allPass), observed(seen));

describe('failures seen in forks', () => {
  test('suspects are the programs that speak against the candidate, quick ones first', () => {
    expect(suspects(rejected, suite, seen).map(({ name }) => name)).toEqual(['fails', 'hangs']);
  });

  test('a program behind a new report is a suspect, too', () => {
    const points = [
      aPoint('hangs', 'PASS'),
      aPoint('fails', 'PASS', { reports: ['sig'] }),
      aPoint('fine', 'PASS'),
    ];
    const judgement = judged(observed(allPass), observed(points, { reports: [aReport('sig', 'fails')] }));
    expect(suspects(judgement, suite, points).map(({ name }) => name)).toEqual(['fails']);
  });

  test('one that fails again is enough, and stays a rejection', async () => {
    const tried: string[] = [];
    const confirmation = await confirm(
      rejected,
      { programs: suspects(rejected, suite, seen), seen },
      async ({ name }) => {
        tried.push(name);
        return { points: [aPoint(name, 'FAIL')], reports: [] };
      },
    );
    expect(tried).toEqual(['fails']);
    const { verdict, summary } = withConfirmation(rejected, seen, confirmation);
    expect(verdict).toBe('rejected');
    expect(summary).toContain('fails.x fails with the patch and not without');
    expect(summary).toContain('seen again in a cold boot');
  });

  test('none that fails again leaves the verdict open', async () => {
    const confirmation = await confirm(
      rejected,
      { programs: suspects(rejected, suite, seen), seen },
      async ({ name }) => ({
        points: [aPoint(name, 'PASS')],
        reports: [],
      }),
    );
    expect(confirmation.points).toHaveLength(4);
    expect(withConfirmation(rejected, seen, confirmation)).toMatchObject({ verdict: 'inconclusive' });
  });

  test('a rare failure gets as many boots as its rate asks for, a certain one two', async () => {
    const forks = [1, 2, 3, 4].map((repetition) =>
      aPoint('fails', repetition === 1 ? 'FAIL' : 'PASS', { repetition }),
    );
    const rare = judged(
      observed(forks.map((point) => ({ ...point, status: 'PASS', own: 'PASS' }))),
      observed(forks),
    );
    const programs = suspects(rare, suite, forks);
    const confirmation = await confirm(rare, { programs, seen: forks }, async ({ name }) => ({
      points: [aPoint(name, 'PASS')],
      reports: [],
    }));
    expect(confirmation.points).toHaveLength(10);
    expect(withConfirmation(rare, forks, confirmation).summary).toContain('not again in 10 cold boots');
  });

  test('what no fork has shown needs no confirmation: a changed behaviour that strict refuses', () => {
    const [before, after] = ['4096', '-14'].map((value) => [
      aPoint('fine', 'PASS', { observations: [{ key: 'r', value }] }),
    ]);
    const judgement = judged(observed(before ?? []), observed(after ?? []), { strict: true });
    expect(suspects(judgement, suite, after ?? [])).toEqual([]);
    expect(withConfirmation(judgement, after ?? [], { points: [], reports: [] }).verdict).toBe('rejected');
  });
});
