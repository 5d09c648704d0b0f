import { describe, expect, test } from 'vitest';
import { entriesWithoutTest } from '../policy.ts';
import { programNames, releaseFor, wantedPrograms } from './external.ts';
import { loadSuite } from './load.ts';
import { findSuite, suiteNames } from './locate.ts';
import { fullName } from './program.ts';

describe('fixed-buffers', () => {
  // Compiling all of it takes most of a minute on a busy machine that has none of it in its cache.
  test('has a policy whose entries are about tests that exist', { timeout: 300_000 }, async () => {
    const { policy, programs } = await loadSuite('fixed-buffers');
    if (policy === undefined) throw new Error('it has no policy');
    const names = programs.flatMap((program) => program.points.map((point) => fullName(program, point)));
    expect(entriesWithoutTest(policy, names)).toEqual([]);
  });
});

describe('every suite that comes with Ringtrial', () => {
  test('says of each program what it exercises, and on which kernels', async () => {
    const found = await Promise.all((await suiteNames()).map((name) => findSuite(name)));
    const programs = found.flatMap((one) => (one.kind === 'programs' ? one.description.programs : []));
    const silent = programs.filter((one) => !one.operations?.length || !one.kernels);
    expect(programs.length).toBeGreaterThan(10);
    expect(silent.map((one) => one.name)).toEqual([]);
  });
});

describe('liburing', () => {
  const names = ['accept', 'fixed-link', 'rsrc_tags', 'statx'];

  test('has a part of what touches registered buffers', async () => {
    const found = await findSuite('liburing:fixed');
    if (found.kind !== 'external') throw new Error('it is a suite of ours');
    expect(wantedPrograms(found, names)).toEqual(['fixed-link', 'rsrc_tags']);
    expect(wantedPrograms({ ...found, group: undefined }, names)).toEqual(names);
  });

  test('takes its programs from the Makefile, each once, and no C++', () => {
    const makefile =
      'all: x\ntest_srcs := \\\n\taccept.c \\\n\tskip-cqe.c \\\n\tskip-cqe.c \\\n\trsrc_tags.c \\\n\t# EOL\n\nifdef CXX\n\ttest_srcs += sq-full-cpp.cc\nendif\n';
    expect(programNames(makefile)).toEqual(['accept', 'skip-cqe', 'rsrc_tags']);
  });

  test('leaves out what must not run', async () => {
    const found = await findSuite('liburing:fixed');
    if (found.kind !== 'external') throw new Error('it is a suite of ours');
    const external = { ...found.description.external, leaveOut: { 'fixed-link': 'because' } };
    const place = { ...found, description: { ...found.description, external } };
    expect(wantedPrograms(place, names)).toEqual(['rsrc_tags']);
  });

  test.each([
    ['5.10.223', 'bookworm'],
    ['6.1.192', 'bookworm'],
    ['6.12.107', 'trixie'],
    ['7.2.13', 'sid'],
    [undefined, 'bookworm'],
  ])('comes for %s from %s', async (kernel, release) => {
    const found = await findSuite('liburing');
    if (found.kind !== 'external') throw new Error('it is a suite of ours');
    expect(releaseFor(found.description, kernel)).toBe(release);
  });
});
