import { describe, expect, test } from 'vitest';
import { knownChange, policyOfSide } from './policy-compare.ts';
import type { PointResult, PolicyNote, Status } from './status.ts';

const note = (over: Partial<PolicyNote> = {}): PolicyNote => ({
  entry: 'hang',
  effect: 'known',
  text: 'known of this kernel',
  source: 'io_some_function()',
  ...over,
});

const point = (own: Status, more: Partial<PointResult> = {}): PointResult => ({
  name: 'links.unregister',
  program: 'links',
  repetition: 1,
  status: own,
  own,
  observations: [],
  diagnostics: [],
  reports: [],
  ...more,
});

const pass = point('PASS');
const failure = point('FAIL', { reason: 'saw 3 pages' });
const known = point('FAIL', { policy: [note()] });
const byRace = point('FAIL', { policy: [note({ sometimes: true })] });
const forbidden = point('FAIL', { policy: [note({ effect: 'failed' })] });

describe("one kernel's failures", () => {
  test('are known when every one of them is, whatever passed besides', () => {
    expect(policyOfSide([known, pass, known])).toEqual({ policy: [note()], known: 'always' });
    expect(policyOfSide([byRace]).known).toBe('sometimes');
    expect(policyOfSide([byRace, known]).known).toBe('always');
  });

  test('are not known when one of them is not', () => {
    expect(policyOfSide([known, failure]).known).toBeUndefined();
    expect(policyOfSide([known, forbidden]).known).toBeUndefined();
    const both = point('FAIL', { policy: [note(), note({ effect: 'failed' })] });
    expect(policyOfSide([both]).known).toBeUndefined();
  });

  test('are not known where there is none', () => {
    expect(policyOfSide([pass])).toEqual({});
    expect(policyOfSide([])).toEqual({});
  });
});

describe('a test that fails with the patch', () => {
  test.each<[string, PointResult, PointResult, ReturnType<typeof knownChange>]>([
    ['as base is known to', known, known, 'known failure'],
    ['as base is known to, where nobody saw base', point('MISS'), known, 'known failure'],
    ['as this kernel is known to, where base passed', pass, known, undefined],
    ['as this kernel is sometimes known to, where base passed', pass, byRace, 'known failure'],
    ['as this kernel is known to, where base was skipped', point('SKIP'), known, undefined],
    ['in another way than base is known to', known, failure, 'regression'],
    ['by what the policy forbids, where base fails as it is known to', known, forbidden, 'regression'],
    ['where base fails in a way that nobody knows', failure, failure, undefined],
    ['in a known way, where base fails in another', failure, known, 'known failure'],
    ['where base passed', pass, failure, undefined],
  ])('%s', (_, base, candidate, expected) => {
    expect(knownChange([base], [candidate], 'doubt')).toBe(expected);
  });

  test('does not when it passes', () => {
    expect(knownChange([known], [pass], 'known')).toBeUndefined();
    expect(knownChange([known], [point('MISS')], 'known')).toBeUndefined();
  });
});

describe('failures that base shows too, in a suite of others', () => {
  const failing = (reason: string): PointResult => point('FAIL', { reason });

  test('are known by their words, not by their numbers', () => {
    const base = [failing('exit status 1: got 12 bytes at 0x7f12ab, 3 wanted'), pass];
    const same = [failing('exit status 1: got 99 bytes at 0x55aa00, 3 wanted')];
    expect(knownChange(base, same, 'known')).toBe('known failure');
    expect(knownChange(base, same, 'doubt')).toBeUndefined();
  });

  test('do not hide a new one', () => {
    const base = [failing('exit status 1: short read')];
    expect(knownChange(base, [failing('hang: no result within 60 s')], 'known')).toBe('fails differently');
    expect(knownChange(base, [base[0] ?? pass, failing('killed by SIGSEGV')], 'known')).toBe(
      'fails differently',
    );
    expect(knownChange([pass], [failing('exit status 1: short read')], 'known')).toBeUndefined();
  });
});
