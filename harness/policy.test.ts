import { describe, expect, test } from 'vitest';
import { aPoint } from './fixtures.ts';
import { applyPolicy, entriesWithoutTest, measurementRules } from './policy.ts';
import { type Policy, policySchema } from './policy-schema.ts';
import type { Observation, PointResult } from './status.ts';

const about = {
  id: 'entry',
  tests: ['links.unregister'],
  kernels: '*',
  reason: 'because of that',
  source: 'io_some_function() in 6.1',
};

const policyOf = (...entries: object[]): Policy =>
  policySchema.parse({ entries: entries.map((entry) => ({ ...about, ...entry })) });

const seen = (key: string, value: string, unit?: string): Observation =>
  unit === undefined ? { key, value } : { key, value, unit };

const point = (over: Partial<PointResult> = {}): PointResult =>
  aPoint('links', over.status ?? 'PASS', { name: 'links.unregister', ...over });

const only = (policy: Policy, result: PointResult, kernel = '6.1.192') => {
  const [one] = applyPolicy(policy, kernel, [result]);
  if (one === undefined) throw new Error('a point is lost');
  return one;
};

describe('an observation', () => {
  const oneOf = policyOf({ observation: 'result', oneOf: ['full', '-14'] });

  test('that the policy allows leaves a pass as it is', () => {
    const pass = point({ observations: [seen('result', '-14')] });
    expect(only(oneOf, pass)).toEqual(pass);
    const mixed = point({ observations: [seen('result', 'full|-14')] });
    expect(only(oneOf, mixed)).toEqual(mixed);
  });

  test('that is not among what is allowed makes a failure that says why, and by which entry', () => {
    const failed = only(oneOf, point({ observations: [seen('result', '-5')] }));
    expect(failed.status).toBe('FAIL');
    expect(failed.own).toBe('FAIL');
    expect(failed.reason).toBe('policy entry: result=-5 is not full or -14: because of that');
    expect(failed.policy).toEqual([
      {
        entry: 'entry',
        effect: 'failed',
        text: 'result=-5 is not full or -14: because of that',
        source: 'io_some_function() in 6.1',
      },
    ]);
  });

  test('of rounds that differ is bad when one of them is', () => {
    expect(only(oneOf, point({ observations: [seen('result', 'full|-5')] })).status).toBe('FAIL');
    const noneOf = policyOf({ observation: 'result', noneOf: ['-5'] });
    expect(only(noneOf, point({ observations: [seen('result', 'full|-5')] })).status).toBe('FAIL');
    expect(only(noneOf, point({ observations: [seen('result', 'full')] })).status).toBe('PASS');
  });

  test.each([
    [{ atMost: 1500 }, '1500', 'PASS'],
    [{ atMost: 1500 }, '1500.1', 'FAIL'],
    [{ atLeast: 1 }, '0.9', 'FAIL'],
    [{ atLeast: 1 }, '1', 'PASS'],
    [{ atMost: 1500 }, 'soon', 'FAIL'],
    [{ atMost: 0, atLeast: -5 }, '-6', 'FAIL'],
  ])('%j and a measurement of %s: %s', (rule, value, status) => {
    const policy = policyOf({ observation: 'tag_ms', ...rule });
    expect(only(policy, point({ observations: [seen('tag_ms', value, 'ms')] })).status).toBe(status);
  });

  test('that a passing test did not print makes the test broken, for nobody saw what the policy asks for', () => {
    const broken = only(oneOf, point());
    expect([broken.status, broken.own]).toEqual(['ERROR', 'ERROR']);
    expect(broken.reason).toContain('did not print result');
    expect(broken.policy?.[0]?.effect).toBe('broken');
    const optional = policyOf({ observation: 'result', oneOf: ['full'], optional: true });
    expect(only(optional, point()).status).toBe('PASS');
  });

  test.each(['SKIP', 'MISS', 'ERROR', 'FAIL'] as const)(
    'that a %s did not print changes nothing',
    (status) => {
      const result = point({ status, reason: 'of its own' });
      expect(only(oneOf, result)).toEqual(result);
    },
  );

  test('that is forbidden is a failure also where nobody would have heard the kernel complain', () => {
    const blind = point({ status: 'MISS', reason: 'lockdep was off', observations: [seen('result', '-5')] });
    expect(only(oneOf, blind).status).toBe('FAIL');
  });

  test('is judged where a kernel report made the pass a failure, too', () => {
    const reported = point({
      status: 'FAIL',
      own: 'PASS',
      reason: 'kernel report: X',
      observations: [seen('result', '-5')],
    });
    expect(only(oneOf, reported).own).toBe('FAIL');
    const unprinted = only(oneOf, { ...reported, observations: [] });
    expect([unprinted.status, unprinted.own, unprinted.reason]).toEqual([
      'FAIL',
      'ERROR',
      'kernel report: X',
    ]);
  });

  test('breaks every entry that it breaks', () => {
    const policy = policyOf(
      { id: 'one', observation: 'result', oneOf: ['full'] },
      { id: 'two', observation: 'memory', noneOf: ['new'] },
    );
    const failed = only(policy, point({ observations: [seen('result', '-14'), seen('memory', 'new')] }));
    expect(failed.policy?.map((note) => note.entry)).toEqual(['one', 'two']);
    expect(failed.reason).toContain('policy one: result=-14');
    expect(failed.reason).toContain('; policy two: memory=new');
  });
});

describe('an entry', () => {
  test.each([
    ['6.1.192', 'FAIL'],
    ['6.3.0', 'PASS'],
  ])('speaks for its kernels only: %s', (kernel, status) => {
    const policy = policyOf({ kernels: '<6.3', observation: 'result', noneOf: ['-5'] });
    expect(only(policy, point({ observations: [seen('result', '-5')] }), kernel).status).toBe(status);
  });

  test.each([
    ['links.unregister', 'FAIL'],
    ['links.*', 'FAIL'],
    ['*.unregister', 'FAIL'],
    ['*', 'FAIL'],
    ['links', 'PASS'],
    ['links.un', 'PASS'],
  ])('speaks for its tests only: %s', (pattern, status) => {
    const policy = policyOf({ tests: [pattern], observation: 'result', noneOf: ['-5'] });
    expect(only(policy, point({ observations: [seen('result', '-5')] })).status).toBe(status);
  });

  test('means a dot where it says one', () => {
    const policy = policyOf({ observation: 'result', noneOf: ['-5'] });
    const other = point({ name: 'linksXunregister', observations: [seen('result', '-5')] });
    expect(only(policy, other)).toEqual(other);
  });

  test('whose pattern fits no test is found', () => {
    const policy = policyOf(
      { id: 'good', mustRun: true },
      { id: 'bad', tests: ['links.*', 'lniks.*'], mustRun: true },
    );
    expect(entriesWithoutTest(policy, ['links.unregister'])).toEqual(['bad']);
  });
});

describe('a skip', () => {
  test('is a failure where the kernel has what the test needs', () => {
    const skipped = point({ status: 'SKIP', reason: 'no tags' });
    const failed = only(policyOf({ kernels: '>=5.13', mustRun: true }), skipped);
    expect([failed.status, failed.own]).toEqual(['FAIL', 'FAIL']);
    expect(failed.reason).toContain('skipped (no tags), and this kernel has what it needs');
    expect(only(policyOf({ kernels: '>=6.12', mustRun: true }), skipped)).toEqual(skipped);
  });

  test('is the only thing that such an entry is about', () => {
    const pass = point();
    expect(only(policyOf({ mustRun: true }), pass)).toEqual(pass);
  });
});

describe('a known failure', () => {
  const known = policyOf({
    id: 'hang',
    kernels: '<6.3',
    known: 'expected .* to return.*; saw .* after 15000 ms',
  });
  const hang = ['expected unregister to return', 'saw it wait after 15000 ms'];
  const failing = (diagnostics: string[], reason = diagnostics.join('; ')): PointResult =>
    point({ status: 'FAIL', reason, diagnostics });

  test('stays a failure and is marked', () => {
    const result = only(known, failing(hang));
    expect([result.status, result.own]).toEqual(['FAIL', 'FAIL']);
    expect(result.policy).toEqual([
      { entry: 'hang', effect: 'known', text: 'known of this kernel: because of that', source: about.source },
    ]);
    expect(result.reason).toMatch(/^known failure of this kernel \(hang\): expected unregister/);
  });

  test('is none on a later kernel', () => {
    const result = failing(hang);
    expect(only(known, result, '6.3.0')).toEqual(result);
  });

  test('does not cover another message of the same test', () => {
    const other = failing(['expected the pins to be gone', 'saw 3 pages pinned']);
    expect(only(known, other)).toEqual(other);
  });

  test('does not cover another failure beside it', () => {
    const both = failing([...hang, 'expected the pins to be gone', 'saw 3 pages pinned']);
    expect(only(known, both)).toEqual(both);
  });

  test('does not cover failures that were counted and not shown', () => {
    const more = failing([...hang, '9 failures in all']);
    expect(only(known, more)).toEqual(more);
  });

  test('does not cover another end of the program behind it', () => {
    const panicked = failing(hang, 'Kernel panic - not syncing');
    expect(only(known, panicked)).toEqual(panicked);
  });

  test('is known by its reason where the test said nothing', () => {
    const policy = policyOf({ id: 'gone', known: '^hang: no result' });
    const result = only(policy, failing(['in flight: 3'], 'hang: no result within 40 s'));
    expect(result.policy?.[0]?.entry).toBe('gone');
  });

  test('of two messages needs an entry for each', () => {
    const policy = policyOf({ id: 'one', known: 'saw 1$' }, { id: 'two', known: 'saw 2$' });
    const result = only(policy, failing(['expected 0', 'saw 1', 'expected 0', 'saw 2']));
    expect(result.policy?.map((note) => note.entry)).toEqual(['one', 'two']);
  });

  test('does not cover what another entry forbids', () => {
    const policy = policyOf({ id: 'one', known: '.' }, { id: 'two', observation: 'result', noneOf: ['-5'] });
    const result = only(policy, { ...failing(hang), observations: [seen('result', '-5')] });
    expect(result.policy?.map((note) => note.effect)).toEqual(['failed']);
    expect(result.reason).toContain('expected unregister');
    expect(result.reason).toContain('policy two');
  });

  test('that a kernel report alone made is not for a policy to know', () => {
    const reported = point({ status: 'FAIL', own: 'PASS', reason: 'kernel report: X' });
    expect(only(policyOf({ known: '.' }), reported)).toEqual(reported);
  });

  test('can be an observation that these kernels are known for', () => {
    const policy = policyOf({
      id: 'era',
      kernels: '<6.3',
      observation: 'unregister',
      noneOf: ['hangs'],
      knownFailure: true,
    });
    const hangs = point({ observations: [seen('unregister', 'hangs')] });
    const result = only(policy, hangs);
    expect([result.status, result.own, result.policy?.[0]?.effect]).toEqual(['FAIL', 'FAIL', 'known']);
    expect(result.reason).toBe(
      'known failure of this kernel (era): unregister=hangs is forbidden: because of that',
    );
    expect(only(policy, hangs, '6.3.0')).toEqual(hangs);
  });

  test('of an observation covers neither another failure nor another forbidden value', () => {
    const era = { id: 'era', observation: 'unregister', noneOf: ['hangs'], knownFailure: true };
    const observations = [seen('unregister', 'hangs'), seen('memory', 'new')];
    const beside = only(policyOf(era), { ...failing(hang), observations });
    expect(beside.policy).toBeUndefined();
    expect(beside.reason).toBe(hang.join('; '));
    const policy = policyOf(era, { id: 'two', observation: 'memory', noneOf: ['new'] });
    expect(only(policy, point({ observations })).policy?.map((note) => note.effect)).toEqual([
      'known',
      'failed',
    ]);
  });

  test('of an observation is no observation of a point that was not seen to its end', () => {
    const policy = policyOf({ observation: 'unregister', noneOf: ['hangs'], knownFailure: true });
    const missed = point({ status: 'MISS', observations: [seen('unregister', 'hangs')] });
    expect(only(policy, missed)).toEqual(missed);
  });

  test('that depends on a race says so', () => {
    const result = only(policyOf({ known: '.', sometimes: true }), failing(hang));
    expect(result.policy?.[0]?.sometimes).toBe(true);
  });
});

describe('a policy file', () => {
  test.each([
    ['an entry without a rule', { entries: [about] }],
    ['an observation without a rule', { entries: [{ ...about, observation: 'result' }] }],
    ['an unknown key', { entries: [{ ...about, mustRun: true, colour: 'red' }] }],
    ['no source', { entries: [{ ...about, mustRun: true, source: undefined }] }],
    ['no range', { entries: [{ ...about, mustRun: true, kernels: 'new ones' }] }],
    ['no regular expression', { entries: [{ ...about, known: '(' }] }],
    [
      'an id twice',
      {
        entries: [
          { ...about, mustRun: true },
          { ...about, known: 'x' },
        ],
      },
    ],
    ['no list', {}],
  ])('with %s is refused', (_, json) => {
    expect(policySchema.safeParse(json).success).toBe(false);
  });

  test('lets failures of the base doubt unless it says otherwise', () => {
    expect(policySchema.parse({ entries: [] }).failuresOfBase).toBe('doubt');
  });
});

test('a rule about a measurement speaks for its tests and kernels, and judges no single point', () => {
  const entry = {
    ...{ id: 'no-slower', tests: ['links.*'], kernels: '>=6.1', reason: 'r', source: 's' },
    ...{ measurement: 'wait', ratioAtMost: 1.5 },
  };
  const policy = policySchema.parse({ entries: [entry] });
  expect(measurementRules(policy, '6.1.192')('links.update')).toEqual([entry]);
  expect(measurementRules(policy, '5.10')('links.update')).toEqual([]);
  expect(measurementRules(policy, '6.1.192')('other.update')).toEqual([]);
  const points = [aPoint('links', 'PASS')];
  expect(applyPolicy(policy, '6.1.192', points)).toEqual(points);
});
