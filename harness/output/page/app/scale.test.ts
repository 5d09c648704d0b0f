import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scaleFor } from './scale.ts';

test('every value has its place between the first and the last tick, in order', () => {
  // As finely as guests print them.
  const value = fc.integer({ min: -1e9, max: 1e12 }).map((number) => number / 1e4);
  const values = fc.array(value, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(values, (list) => {
      const { at, ticks } = scaleFor(list);
      const places = list.toSorted((a, b) => a - b).map(at);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThan(12);
      for (const place of [...places, ...ticks.map(at)]) {
        expect(place).toBeGreaterThanOrEqual(1.9);
        expect(place).toBeLessThanOrEqual(96.1);
      }
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }),
  );
});

test.each([
  [[20, 384], [0, 100, 200, 300, 400], false],
  [[3, 3], [0, 1, 2, 3], false],
  [[1, 1000], [1, 10, 100, 1000], true],
  [[0, 0], [0, 1], false],
])('%j has ticks at %j', (values, ticks, isLogarithmic) => {
  expect(scaleFor(values)).toMatchObject({ ticks, isLogarithmic });
});
