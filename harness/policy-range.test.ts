import { describe, expect, test } from 'vitest';
import { inRange, kernelRange } from './policy-range.ts';

describe('a range of kernels', () => {
  test.each([
    ['*', '6.1.192', true],
    ['*', 'vendor-next', true],
    ['>=6.3', '6.3.0', true],
    ['>=6.3', '6.3.0-rc1', true],
    ['>=6.3', '6.2.16', false],
    ['>=6.3', '6.12.107', true],
    ['<6.3', '6.1.192', true],
    ['<6.12', '6.3.1', true],
    ['>6.1', '6.1.192', false],
    ['<=6.1', '6.1.192', true],
    ['6.1', '6.1.192', true],
    ['=6.1', '6.12.1', false],
    ['6.1.192', '6.1.191', false],
    ['<5.10.162', '5.10.30', true],
    ['<5.10.162', '5.10.223', false],
    ['>=5.13 <6.3', '5.12.0', false],
    ['>=5.13 <6.3', '5.15.9', true],
    ['>=5.13 <6.3', '6.3.0', false],
    ['6.1 || >=6.12', '6.1.5', true],
    ['6.1 || >=6.12', '6.6.0', false],
    ['6.1 || >=6.12', '7.2.13', true],
    ['7', '7.2.13', true],
    ['>=6.3', 'vendor-next', false],
  ])('%s and %s', (range, kernel, expected) => {
    expect(inRange(range, kernel)).toBe(expected);
  });

  test.each(['', '   ', '>= 6.3', '6.x', '^6.1', '>=6.3 ||', '6.1-6.3', '1.2.3.4'])('%j is none', (text) => {
    expect(kernelRange.safeParse(text).success).toBe(false);
    expect(inRange(text, '6.1.0')).toBe(false);
  });

  test('is complained about with examples', () => {
    expect(kernelRange.safeParse('soon').error?.issues[0]?.message).toContain('">=6.3"');
  });
});
