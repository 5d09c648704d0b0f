import { describe, expect, test } from 'vitest';
import { aMatrix, aPair, aRun, aVerdict, everyStatus, hostile } from './fixtures.ts';
import { kcidbOf } from './kcidb.ts';
import { type Kcidb, kcidbSchema } from './kcidb-schema.ts';

describe('kcidbOf', () => {
  test('both kernels with their tests, each with its own status', () => {
    const { version, checkouts, builds, tests } = kcidbOf(aRun(everyStatus()), 'ringtrial');
    expect(version).toEqual({ major: 5, minor: 3 });
    expect(checkouts.map(({ patchset_hash }) => patchset_hash)).toEqual([
      '',
      // echo aaaa…a | sha256sum
      '44c2336fedab8ff6a85c74c2b94165377b0981f526adb9487895ca6314165e86',
    ]);
    expect(builds.map(({ status, config_name }) => [status, config_name])).toEqual([
      ['PASS', 'lockdep'],
      ['PASS', 'lockdep'],
    ]);
    const patched = tests.filter(({ build_id }) => build_id === builds[1]?.id);
    expect(patched.map(({ path, status }) => [path, status])).toEqual([
      ['ringtrial.fixed-buffers', 'FAIL'],
      ['ringtrial.fixed-buffers.passes.x', 'PASS'],
      ['ringtrial.fixed-buffers.fails.x', 'FAIL'],
      ['ringtrial.fixed-buffers.breaks.x', 'ERROR'],
      ['ringtrial.fixed-buffers.vanishes.x', 'MISS'],
      ['ringtrial.fixed-buffers.skips.x', 'SKIP'],
      ['ringtrial.fixed-buffers.known.x', 'FAIL'],
    ]);
  });

  test('objects refer to objects that are there, and none comes twice', () => {
    const report = [{ title: 'possible circular locking' }];
    const kcidb = kcidbOf(
      aMatrix(aVerdict([aPair('p', 'PASS')], report), aVerdict([], report, { profile: 'kasan' })),
      'my_ci',
    );
    expectSound(kcidb);
    expect(kcidb.issues).toMatchObject([
      { version: 1, report_subject: 'possible circular locking', origin: 'my_ci' },
    ]);
    expect(kcidb.incidents).toHaveLength(2);
  });

  test('a report is linked to the tests that failed while it came', () => {
    const verdict = aVerdict([aPair('reported', 'PASS', 'FAIL')], [{ title: 'BUG' }]);
    const { tests, incidents } = kcidbOf(aRun(verdict), 'ringtrial');
    const test = tests.find(({ path, status }) => path?.endsWith('reported.x') && status === 'FAIL');
    expect(incidents).toMatchObject([{ test_id: test?.id, present: true }]);
  });

  test('a trial without a verdict is one MISS, and a patch that does not compile a failed build', () => {
    const buildError = { file: 'io_uring/rsrc.c', line: 7, message: 'no', patch: null, log: '/log' };
    const failed = aVerdict([], [], { buildError, kernels: {}, verdict: 'rejected' });
    const { builds, tests } = kcidbOf(aMatrix(failed), 'ringtrial');
    expect(builds.map(({ status }) => status)).toEqual(['MISS', 'FAIL', 'MISS', 'MISS']);
    expect(tests.map(({ status }) => status)).toEqual(['FAIL', 'MISS']);
  });

  test('hostile text fits into the format', () => {
    const kcidb = kcidbOf(aRun(hostile()), 'ringtrial');
    expectSound(kcidb);
    expect(JSON.stringify(kcidb)).not.toContain('\\u0000');
    expect(kcidb.tests.map(({ path }) => path)).toContain(
      'ringtrial.fixed-buffers.ev_il.__2J___TODO___error__',
    );
  });

  test('megabytes of output are cut to what the format takes', () => {
    const verdict = aVerdict([aPair('p', 'PASS', 'FAIL', { diagnostics: ['x'.repeat(5e6)] })]);
    const { tests } = kcidbOf(aRun(verdict), 'ringtrial');
    expect(tests.at(-1)?.log_excerpt?.length).toBeLessThanOrEqual(16_384);
  });
});

test.each([
  ['a field of our own', { version: { major: 5 }, verdict: 1 }],
  ['another version', { version: { major: 6 } }],
  ['a status of our own', { tests: [{ id: 'a:1', origin: 'a', build_id: 'a:2', status: 'KNOWN' }] }],
  ['an identifier without origin', { tests: [{ id: '1', origin: 'a', build_id: 'a:2' }] }],
  ['an origin in capitals', { tests: [{ id: 'A:1', origin: 'A', build_id: 'a:2' }] }],
  ['a path with a colon', { tests: [{ id: 'a:1', origin: 'a', build_id: 'a:2', path: 'liburing:fixed' }] }],
  ['a null', { builds: [{ id: 'a:1', origin: 'a', checkout_id: 'a:2', comment: null }] }],
])('%s is not of the format', (_, part) => {
  const empty = { checkouts: [], builds: [], tests: [], issues: [], incidents: [] };
  const whole = { version: { major: 5, minor: 3 }, ...empty, ...part };
  expect(kcidbSchema.safeParse(whole).success).toBe(false);
});

function expectSound(kcidb: Kcidb): void {
  const { checkouts, builds, tests, issues, incidents } = kcidb;
  for (const objects of [checkouts, builds, tests, issues, incidents]) {
    const ids = objects.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(objects.every(({ id, origin }) => id.startsWith(`${origin}:`))).toBe(true);
  }
  const has = (objects: readonly { readonly id: string }[], id: string): boolean =>
    objects.some((object) => object.id === id);
  expect(builds.every(({ checkout_id }) => has(checkouts, checkout_id))).toBe(true);
  expect(tests.every(({ build_id }) => has(builds, build_id))).toBe(true);
  expect(incidents.every(({ issue_id }) => has(issues, issue_id))).toBe(true);
  expect(incidents.every(({ build_id = '' }) => has(builds, build_id))).toBe(true);
  expect(incidents.every(({ test_id }) => test_id === undefined || has(tests, test_id))).toBe(true);
}
