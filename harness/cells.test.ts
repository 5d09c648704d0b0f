import { expect, test } from 'vitest';
import { meanPass } from './cells.ts';

test('the mean pass is that of passes through the whole suite', () => {
  const passes = [
    { programs: 48, seconds: 60 },
    { programs: 48, seconds: 70 },
    { programs: 2, seconds: 3 },
  ];
  expect(meanPass(passes, 48)).toBe(65);
  expect(meanPass(passes, 7)).toBeUndefined();
  expect(meanPass(undefined, 48)).toBeUndefined();
});
