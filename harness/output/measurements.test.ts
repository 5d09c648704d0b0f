import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { aPoint } from '../fixtures.ts';
import { compareMeasurements } from '../measurements.ts';
import { measurementList } from './measurements.ts';
import { showsUnicode } from './plot.ts';

const plain = new PassThrough() as unknown as NodeJS.WriteStream;

const points = (middle: number) =>
  [1, 2, 3, 4].map((repetition) =>
    aPoint('p', 'PASS', {
      repetition,
      samples: [
        {
          name: 'unregister_ns[64 in flight]',
          values: Array.from({ length: 50 }, (_, at) => middle + at * middle * 0.002),
        },
      ],
    }),
  );

const shown = (factor: number, unicode = true): string =>
  measurementList(compareMeasurements(points(1_200_000), points(1_200_000 * factor)), plain, unicode);

describe('measurementList', () => {
  test('medians in a unit that suits them, their ratio, its interval, and a plot', () => {
    const text = shown(2.8);
    expect(text).toContain('p.x unregister_ns[64 in flight]: 1.26 ms -> 3.52 ms, x2.80 (95 %: 2.7');
    expect(text).toMatch(/ {4}base {5}\|[▁-█]+\n {4}patched {2}\| +[▁-█]+\n/);
    expect(text).toContain('1.2 ms to 3.69 ms');
  });

  test('what does not differ for sure has no plot', () => {
    expect(shown(1)).toContain('no sure difference');
    expect(shown(1)).not.toContain('patched  |');
  });

  test('a terminal without UTF-8 gets ASCII only', () => {
    expect(shown(2.8, false)).toMatch(/^[\n -~]*$/);
  });

  test('nothing measured, nothing said', () => {
    expect(measurementList([], plain)).toBe('');
  });
});

test.each([
  [{ LANG: 'en_GB.UTF-8' }, true],
  [{ LANG: 'en_GB.UTF-8', LC_ALL: 'C' }, false],
  [{ LC_ALL: '', LC_CTYPE: 'C.utf8', LANG: 'C' }, true],
  [{}, false],
])('%o: unicode %s', (env, expected) => expect(showsUnicode(env)).toBe(expected));
