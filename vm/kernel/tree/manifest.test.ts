import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePrintedUri } from './apt.ts';
import { parseDebianSpec } from './debian.ts';
import { parseNameStatus } from './git.ts';
import { parseKernelVersion, seriesOf } from './identity.ts';
import {
  type FileEntry,
  formatManifest,
  manifestDifference,
  manifestHash,
  parseManifest,
} from './manifest.ts';

const entry: fc.Arbitrary<FileEntry> = fc.record({
  kind: fc.constantFrom('file', 'exec', 'link'),
  size: fc.nat(),
  mtime: fc.integer({ min: -1000, max: 2 ** 45 }),
  digest: fc.stringMatching(/^[0-9a-f]{64}$/),
});
const manifest = fc
  .dictionary(fc.stringMatching(/^[\w+. ()/-]{1,20}$/), entry, { maxKeys: 8 })
  .map((object) => new Map(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1))));

describe('a manifest', () => {
  test('what is written can be read again', () => {
    fc.assert(
      fc.property(manifest, (tree) => {
        expect([...parseManifest(formatManifest(tree))]).toEqual([...tree]);
      }),
    );
  });

  test('the hash is about content, not time; the difference agrees with it', () => {
    fc.assert(
      fc.property(manifest, manifest, (a, b) => {
        expect(manifestHash(a) === manifestHash(b)).toBe(manifestDifference(a, b).length === 0);
        const later = new Map([...a].map(([file, e]) => [file, { ...e, mtime: e.mtime + 1 }]));
        expect(manifestHash(later)).toBe(manifestHash(a));
      }),
    );
  });

  test('rubbish is an error', () => {
    expect(() => parseManifest('file 1 2 abc path\n')).toThrow(/Not a line/);
  });
});

describe('parseKernelVersion', () => {
  test.each([
    ['# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION =\nNAME = Curry\n', '6.1.192'],
    ['VERSION = 7\nPATCHLEVEL = 0\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\n', '7.0.0-rc3'],
    ['VERSION=5\nPATCHLEVEL=10\nSUBLEVEL=\nEXTRAVERSION=\n', '5.10'],
    ['VERSION = $(shell git describe)\nPATCHLEVEL = 1\nSUBLEVEL = 1\n', null],
    ['all:\n\tcc x.c\n', null],
  ])('%j is %s', (makefile, version) => {
    expect(parseKernelVersion(makefile)).toBe(version);
  });

  test('seriesOf', () => {
    expect(['6.1.192', '7.0.0-rc3', '6'].map(seriesOf)).toEqual(['6.1', '7.0', '6']);
  });
});

test.each([
  ['6.1', { series: '6.1', exact: null }],
  ['6.1.192-2', { series: '6.1', exact: '6.1.192-2' }],
  ['7.2.12-1~bpo13+1', { series: '7.2', exact: '7.2.12-1~bpo13+1' }],
  ['7.2-1', { series: '7.2', exact: '7.2-1' }],
  ['6', null],
  ['6.1.192', null],
  ['sid', null],
  ['6.1=x', null],
])('debian:%s', (text, expected) => {
  expect(parseDebianSpec(text)).toEqual(expected);
});

test('parsePrintedUri reads what apt-get prints, and nothing else', () => {
  const line =
    "'http://archive.invalid/pool/linux-source-6.1_6.1.192-2_all.deb' linux-source-6.1_6.1.192-2_all.deb 139331676 SHA256:ae95fe\n";
  expect(parsePrintedUri(`Reading package lists...\n${line}`)).toEqual({
    version: '6.1.192-2',
    uri: 'http://archive.invalid/pool/linux-source-6.1_6.1.192-2_all.deb',
    name: 'linux-source-6.1_6.1.192-2_all.deb',
    size: 139_331_676,
    hash: 'SHA256:ae95fe',
  });
  expect(parsePrintedUri('E: Unable to locate package linux-source-9.9\n')).toBeNull();
});

test('parseNameStatus reads paths with blanks', () => {
  expect(parseNameStatus('M\0a b.c\0D\0x\0A\0\u00e9\0')).toEqual([
    { status: 'M', file: 'a b.c' },
    { status: 'D', file: 'x' },
    { status: 'A', file: '\u00e9' },
  ]);
  expect(parseNameStatus('')).toEqual([]);
});
