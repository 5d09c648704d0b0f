import { describe, expect, test } from 'vitest';
import type { SourceChange } from '../types.ts';
import { type KernelInputs, kernelHash } from './hash.ts';

const change = (path: string, text: string | null, executable = false): SourceChange => ({
  path,
  content: text === null ? null : Buffer.from(text),
  executable,
});

const inputs: KernelInputs = {
  treeHash: 'a'.repeat(64),
  changes: [change('io_uring/rw.c', 'new'), change('io_uring/old.c', null)],
  options: new Map([
    ['CONFIG_A', 'y'],
    ['CONFIG_B', 'n'],
  ]),
  makeVariables: {},
  toolchain: 'gcc 12.2.0',
};

describe('kernelHash', () => {
  test('does not depend on order', () => {
    const shuffled = {
      ...inputs,
      changes: inputs.changes.toReversed(),
      options: new Map([...inputs.options].toReversed()),
    };
    expect(kernelHash(shuffled)).toBe(kernelHash(inputs));
    expect(kernelHash(inputs)).toMatch(/^[0-9a-f]{64}$/);
  });

  const others: Record<string, KernelInputs> = {
    'another tree': { ...inputs, treeHash: 'b'.repeat(64) },
    'another compiler': { ...inputs, toolchain: 'gcc 13' },
    'another instrumentation': { ...inputs, makeVariables: { 'GCOV_PROFILE_rw.o': 'y' } },
    'another option': { ...inputs, options: new Map([['CONFIG_A', 'y']]) },
    'another value': { ...inputs, options: new Map([...inputs.options, ['CONFIG_B', 'y']]) },
    'no change': { ...inputs, changes: [] },
    'other content': {
      ...inputs,
      changes: [change('io_uring/rw.c', 'newer'), change('io_uring/old.c', null)],
    },
    'another path': { ...inputs, changes: [change('io_uring/rw2.c', 'new'), change('io_uring/old.c', null)] },
    'an empty file instead of none': {
      ...inputs,
      changes: [change('io_uring/rw.c', 'new'), change('io_uring/old.c', '')],
    },
    'an executable': {
      ...inputs,
      changes: [change('io_uring/rw.c', 'new', true), change('io_uring/old.c', null)],
    },
  };

  test('depends on everything else', () => {
    const hashes = new Set([kernelHash(inputs), ...Object.values(others).map(kernelHash)]);
    expect(hashes.size).toBe(1 + Object.keys(others).length);
  });
});
