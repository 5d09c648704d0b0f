import { compareQuantile, quantile } from '../../../statistics/bootstrap.ts';
import type { ObservationDetail } from '../document.ts';

/** With a unit, in numbers, and not always the same one: else there is nothing to draw. */
export function isMeasured({ unit, base, candidate }: ObservationDetail): boolean {
  const values = [...base, ...candidate];
  return (
    unit !== undefined &&
    new Set(values).size > 1 &&
    values.every((value) => value !== '' && Number.isFinite(Number(value)))
  );
}

interface Scale {
  /** Per cent of the width, for a value. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly isLogarithmic: boolean;
}

/** Linear from zero; logarithmic where the largest value would squeeze the others into a corner. */
export function scaleFor(values: readonly number[]): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (share: number): number => 2 + share * 94;
  if (low > 0 && high / low > 50) {
    const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
    return { at: (value) => margin((Math.log10(value) - from) / (to - from)), ticks, isLogarithmic: true };
  }
  const from = Math.min(0, low);
  const step = niceStep((high - from) / 4);
  const count = Math.max(1, Math.ceil((high - from) / step));
  const start = Math.floor(from / step) * step;
  const ticks = Array.from(
    { length: count + 1 + Math.ceil((from - start) / step) },
    (_, index) => start + index * step,
  );
  const span = (ticks.at(-1) ?? 1) - start || 1;
  return { at: (value) => margin((value - start) / span), ticks, isLogarithmic: false };
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(rough: number): number {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
}

const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** Fewer say nothing about how they vary. */
const fewest = 3;

/** By how much the medians differ, where there is one measurement a run and there are enough of them. */
function differenceWords(base: readonly number[], candidate: readonly number[], unit: string): string {
  if (Math.min(base.length, candidate.length) < fewest) return '';
  const one = (value: number): number[] => [value];
  const { difference, differenceInterval, ratio } = compareQuantile(base.map(one), candidate.map(one));
  const [low, high] = differenceInterval;
  const times = ratio === undefined ? '' : `, ${short(ratio)} times as much`;
  return `The medians differ by ${signed(difference)} ${unit}${times}; with 95 % confidence by ${signed(low)} to ${signed(high)}.`;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${short(value)}`;

/** Three digits at most: nobody measures a guest more exactly. */
const short = (value: number): string =>
  Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

const rowHeight = 22;

/**
 * Each measurement a dot, base above the patched kernel, with their medians as lines.
 *
 * @param runs of the test, on the side that had more of them
 */
export function Plot({ observation, runs }: { observation: ObservationDetail; runs: number }) {
  const { key, unit = '', base, candidate } = observation;
  const sides = [
    { name: 'base', values: base.map(Number) },
    { name: 'patched', values: candidate.map(Number) },
  ].filter(({ values }) => values.length > 0);
  const { at, ticks, isLogarithmic } = scaleFor(sides.flatMap(({ values }) => values));
  const words = sides.map(({ name, values }) => `${name} ${rangeWords(values)}`).join(', ');
  const bottom = sides.length * rowHeight + 4;
  const unitWords = unit.replace('of-', 'of ');
  const isOneARun = Math.max(base.length, candidate.length) <= runs;
  const difference = isOneARun ? differenceWords(base.map(Number), candidate.map(Number), unitWords) : '';
  return (
    <figure class="plot">
      <figcaption>
        <strong>{key}</strong> {words} {unitWords}
        {isLogarithmic && ' (logarithmic)'}
      </figcaption>
      <svg width="100%" height={bottom + 18} role="img" aria-label={`${key}: ${words} ${unitWords}`}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="tick" x1={`${at(tick)}%`} x2={`${at(tick)}%`} y1="0" y2={bottom} />
            <text x={`${at(tick)}%`} y={bottom + 14} text-anchor="middle">
              {short(tick)}
            </text>
          </g>
        ))}
        {sides.map(({ name, values }, row) => {
          const y = row * rowHeight + rowHeight / 2 + 2;
          const middle = `${at(median(values))}%`;
          return (
            <g key={name} class={name}>
              {values.map((value, index) =>
                name === 'base' ? (
                  <circle key={index} cx={`${at(value)}%`} cy={y} r="4.5" />
                ) : (
                  <svg key={index} x={`${at(value)}%`} y={y} overflow="visible">
                    <path d="M0 -6 L6 0 L0 6 L-6 0 Z" />
                  </svg>
                ),
              )}
              <line class="median" x1={middle} x2={middle} y1={y - 10} y2={y + 10} />
            </g>
          );
        })}
      </svg>
      {difference !== '' && <p class="facts">{difference}</p>}
    </figure>
  );
}

const rangeWords = (values: readonly number[]): string => {
  if (values.length === 1) return short(values[0] ?? Number.NaN);
  return `${short(median(values))} (${short(Math.min(...values))} to ${short(Math.max(...values))}, ${values.length} times)`;
};
