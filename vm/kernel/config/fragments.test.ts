import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidProfileError } from '../errors.ts';
import { compareVersions, formatConfig, mergeFragments, parseConfig, unmetOptions } from './fragments.ts';

const merge = (text: string, version = '6.1.192'): Record<string, string> =>
  Object.fromEntries(mergeFragments([{ name: 'x.config', text }], version));

describe('mergeFragments', () => {
  test('later fragments win, in value and in being unset', () => {
    const merged = mergeFragments(
      [
        { name: 'a', text: 'CONFIG_A=y\nCONFIG_B=17\n# CONFIG_C is not set\n' },
        { name: 'b', text: '# CONFIG_A is not set\nCONFIG_C="text with = and #"\n' },
      ],
      '6.1',
    );
    expect(Object.fromEntries(merged)).toEqual({
      CONFIG_A: 'n',
      CONFIG_B: '17',
      CONFIG_C: '"text with = and #"',
    });
  });

  const guarded = [
    'CONFIG_ALWAYS=y',
    '# kernel >= 6.4',
    'CONFIG_NEW=y',
    '# kernel < 6.4',
    'CONFIG_OLD=y',
    '# kernel >= 6.1, < 6.2',
    'CONFIG_ONLY_6_1=y',
    '# kernel any',
    '# kernel developers may write other comments',
    'CONFIG_END=y',
  ].join('\n');

  test('guards choose by version', () => {
    expect(Object.keys(merge(guarded, '6.1.192'))).toEqual([
      'CONFIG_ALWAYS',
      'CONFIG_OLD',
      'CONFIG_ONLY_6_1',
      'CONFIG_END',
    ]);
    expect(Object.keys(merge(guarded, '6.4.0-rc1'))).toEqual(['CONFIG_ALWAYS', 'CONFIG_NEW', 'CONFIG_END']);
    expect(Object.keys(merge(guarded, '5.10.262'))).toEqual(['CONFIG_ALWAYS', 'CONFIG_OLD', 'CONFIG_END']);
  });

  test('a guard does not leak into the next fragment', () => {
    const merged = mergeFragments(
      [
        { name: 'a', text: '# kernel < 5.0\nCONFIG_A=y\n' },
        { name: 'b', text: 'CONFIG_B=y\n' },
      ],
      '6.1',
    );
    expect([...merged.keys()]).toEqual(['CONFIG_B']);
  });

  test.each([
    ['CONFIG_A = y', 'x.config:1'],
    ['\nA=y', 'x.config:2'],
    ['# kernel >= six', 'x.config:1'],
    ['# kernel => 6.1', 'x.config:1'],
  ])('%j is an error that says where', (text, where) => {
    expect(() => merge(text)).toThrow(InvalidProfileError);
    expect(() => merge(text)).toThrow(where);
  });
});

describe('compareVersions', () => {
  test.each([
    ['6.1.192', '6.1', 1],
    ['6.1', '6.1.0', 0],
    ['6.10', '6.9', 1],
    ['7.0-rc3', '7.0', 0],
    ['5.10.262', '6.1', -1],
  ])('%s against %s is %i', (a, b, expected) => {
    expect(compareVersions(a, b)).toBe(expected);
    expect(compareVersions(b, a)).toBe(expected === 0 ? 0 : -expected);
  });
});

describe('a .config', () => {
  test('what is written can be read again', () => {
    const name = fc.stringMatching(/^CONFIG_[A-Z0-9_]{1,12}$/);
    const value = fc.oneof(
      fc.constantFrom('y', 'n', 'm'),
      fc.nat().map(String),
      fc.stringMatching(/^"[ -!#-~]{0,20}"$/),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (options) => {
        expect(Object.fromEntries(parseConfig(formatConfig(new Map(Object.entries(options)))))).toEqual({
          ...options,
        });
      }),
    );
  });

  test('absence satisfies "is not set", and nothing else', () => {
    const wanted = new Map([
      ['CONFIG_A', 'n'],
      ['CONFIG_B', 'y'],
      ['CONFIG_C', '17'],
      ['CONFIG_D', 'n'],
    ]);
    const got = parseConfig('CONFIG_C=18\nCONFIG_D=y\n#\n# Automatically generated\n');
    expect(unmetOptions(wanted, got)).toEqual([
      { option: 'CONFIG_B', wanted: 'y', got: 'n' },
      { option: 'CONFIG_C', wanted: '17', got: '18' },
      { option: 'CONFIG_D', wanted: 'n', got: 'y' },
    ]);
  });
});
