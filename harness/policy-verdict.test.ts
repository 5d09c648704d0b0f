import { describe, expect, test } from 'vitest';
import { aPoint, judged, observed } from './fixtures.ts';
import { applyPolicy } from './policy.ts';
import { type Policy, policySchema } from './policy-schema.ts';
import type { PointResult } from './status.ts';

const policy: Policy = policySchema.parse({
  entries: [
    {
      id: 'hang',
      tests: ['links.x'],
      kernels: '<6.3',
      known: 'unregister hangs',
      reason: 'it did in that era',
      source: 'io_rsrc_ref_quiesce() in 6.1',
    },
    {
      id: 'memory',
      tests: ['links.x'],
      kernels: '*',
      observation: 'memory',
      noneOf: ['freed'],
      optional: true,
      reason: 'freed memory is nobody’s',
      source: 'everywhere',
    },
  ],
});

const on = (kernel: string, ...points: PointResult[]) => observed(applyPolicy(policy, kernel, points));
const hangs = aPoint('links', 'FAIL', { reason: 'unregister hangs' });
const otherwise = aPoint('links', 'FAIL', { reason: 'pages stay pinned' });
const freed = aPoint('links', 'PASS', { observations: [{ key: 'memory', value: 'freed' }] });
const fine = aPoint('other', 'PASS');

describe("a verdict with a suite's policy", () => {
  test('is not moved by a known failure, and shows it with the entry that spoke', () => {
    const { verdict, tests } = judged(on('6.1.192', hangs, fine), on('6.1.192', hangs, fine));
    expect(verdict).toBe('accepted');
    expect(tests[0]).toMatchObject({ change: 'known failure', base: { status: 'FAIL', known: 'always' } });
    expect(tests[0]?.candidate.policy).toEqual([
      {
        entry: 'hang',
        effect: 'known',
        text: 'known of this kernel: it did in that era',
        source: 'io_rsrc_ref_quiesce() in 6.1',
      },
    ]);
    expect(tests[1]?.candidate.policy).toBeUndefined();
  });

  test('counts the same failure as any other on a later kernel', () => {
    const { verdict, tests } = judged(on('6.3.0', hangs, fine), on('6.3.0', hangs, fine));
    expect([verdict, tests[0]?.change]).toEqual(['inconclusive', 'fails on both']);
  });

  test('rejects what fails in another way than base is known to', () => {
    const { verdict, reasons } = judged(on('6.1.192', hangs, fine), on('6.1.192', otherwise, fine));
    expect(verdict).toBe('rejected');
    expect(reasons).toEqual([
      {
        weight: 'reject',
        subject: 'links.x',
        text: 'links.x fails with the patch and not without: pages stay pinned',
      },
    ]);
  });

  test('rejects what base is known to do and does not', () => {
    const passes = aPoint('links', 'PASS');
    expect(judged(on('6.1.192', passes, fine), on('6.1.192', hangs, fine)).verdict).toBe('rejected');
  });

  test('accepts that a patch mends it', () => {
    const passes = aPoint('links', 'PASS');
    const { verdict, tests } = judged(on('6.1.192', hangs, fine), on('6.1.192', passes, fine));
    expect([verdict, tests[0]?.change]).toEqual(['accepted', 'fixed']);
  });

  test('rejects an observation that the policy forbids, and says by which entry', () => {
    const { verdict, summary, tests } = judged(on('6.1.192', aPoint('links', 'PASS')), on('6.1.192', freed));
    expect(verdict).toBe('rejected');
    expect(summary).toContain('policy memory: memory=freed is forbidden: freed memory is nobody’s');
    expect(tests[0]?.candidate.policy?.[0]).toMatchObject({ entry: 'memory', effect: 'failed' });
  });
});

describe('a suite of others', () => {
  const fails = (reason: string) => observed([aPoint('theirs', 'FAIL', { reason }), fine]);

  test('may fail on both in the same way', () => {
    const { verdict, tests } = judged(fails('exit status 1: got 3'), fails('exit status 1: got 4'), {
      failuresOfBase: 'known',
    });
    expect([verdict, tests[0]?.change]).toEqual(['accepted', 'known failure']);
  });

  test('leaves a doubt where it fails in another way', () => {
    const { verdict, reasons } = judged(fails('exit status 1: got 3'), fails('killed by SIGSEGV'), {
      failuresOfBase: 'known',
    });
    expect(verdict).toBe('inconclusive');
    expect(reasons[0]?.text).toBe(
      'theirs.x fails without the patch too, and with it in another way: killed by SIGSEGV',
    );
  });

  test('is held to what it passed without the patch', () => {
    const passes = observed([aPoint('theirs', 'PASS'), fine]);
    expect(judged(passes, fails('exit status 1'), { failuresOfBase: 'known' }).verdict).toBe('rejected');
  });
});
