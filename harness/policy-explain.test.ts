import { describe, expect, test } from 'vitest';
import { entriesFor, explainPolicy, ruleOf } from './policy-explain.ts';
import { policySchema } from './policy-schema.ts';

const about = {
  kernels: '<6.3',
  tests: ['links.*', 'tags.order'],
  reason: 'it is so',
  source: 'some_function()',
};
const { entries } = policySchema.parse({
  entries: [
    { ...about, id: 'one', observation: 'result', oneOf: ['full', '-14'] },
    { ...about, id: 'two', observation: 'tag_ms', atLeast: 1, atMost: 250, kernels: '>=6.12' },
    { ...about, id: 'three', observation: 'unregister', noneOf: ['hangs'], knownFailure: true },
    { ...about, id: 'four', known: 'saw .* pages', sometimes: true },
    { ...about, id: 'five', mustRun: true },
  ],
});

describe('a policy in words', () => {
  test('says the rule of each entry', () => {
    expect(entries.map(ruleOf)).toEqual([
      'result is full or -14',
      'tag_ms is at least 1 and is at most 250',
      'known not to keep: unregister is not hangs',
      'known to fail, sometimes, with words like /saw .* pages/',
      'must not be skipped',
    ]);
  });

  test('is that of one kernel, or of all', () => {
    const policy = { failuresOfBase: 'doubt' as const, entries };
    expect(entriesFor(policy, '6.1.192').map(({ id }) => id)).toEqual(['one', 'three', 'four', 'five']);
    expect(entriesFor(policy, '7.2.13').map(({ id }) => id)).toEqual(['two']);
    expect(entriesFor(policy, undefined)).toHaveLength(5);
  });

  test('is told with its reason and its source', () => {
    expect(explainPolicy(entries.slice(4), 24)).toBe(
      [
        'five: must not be skipped',
        '  kernels  <6.3',
        '  tests    links.*,',
        '           tags.order',
        '  because  it is so',
        '  source   some_function',
        '           ()',
        '',
      ].join('\n'),
    );
  });
});
