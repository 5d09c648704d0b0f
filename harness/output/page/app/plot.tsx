import { scaleFor } from './scale.ts';

export interface PlotData {
  readonly name: string;
  readonly unit: string;
  readonly base: readonly number[];
  readonly candidate: readonly number[];
}

/** Three digits at most: nobody measures a guest more exactly. */
export const short = (value: number): string =>
  Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

const rowHeight = 22;
/** More are drawn as strokes, for dots would hide one another. */
const mostDots = 20;

/** Each measurement at its place, base above the patched kernel, with their medians as lines. */
export function Plot({ name, unit, base, candidate }: PlotData) {
  const sides = [
    { side: 'base', values: base },
    { side: 'patched', values: candidate },
  ].filter(({ values }) => values.length > 0);
  const { at, ticks, isLogarithmic } = scaleFor(sides.flatMap(({ values }) => values));
  const words = sides.map(({ side, values }) => `${side} ${rangeWords(values)}`).join(', ');
  const bottom = sides.length * rowHeight + 4;
  return (
    <>
      <figcaption>
        <strong>{name}</strong> {words} {unit}
        {isLogarithmic && ' (logarithmic)'}
      </figcaption>
      <svg width="100%" height={bottom + 18} role="img" aria-label={`${name}: ${words} ${unit}`}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="tick" x1={`${at(tick)}%`} x2={`${at(tick)}%`} y1="0" y2={bottom} />
            <text x={`${at(tick)}%`} y={bottom + 14} text-anchor="middle">
              {short(tick)}
            </text>
          </g>
        ))}
        {sides.map(({ side, values }, row) => {
          const y = row * rowHeight + rowHeight / 2 + 2;
          const middle = `${at(median(values))}%`;
          return (
            <g key={side} class={side}>
              {values.map((value, index) => (
                <Sign
                  key={index}
                  side={side}
                  x={`${at(value)}%`}
                  y={y}
                  isOneOfMany={values.length > mostDots}
                />
              ))}
              <line class="median" x1={middle} x2={middle} y1={y - 10} y2={y + 10} />
            </g>
          );
        })}
      </svg>
    </>
  );
}

interface SignProps {
  readonly side: string;
  readonly x: string;
  readonly y: number;
  readonly isOneOfMany: boolean;
}

/** A circle for base, a diamond for the patched kernel. */
function Sign({ side, x, y, isOneOfMany }: SignProps) {
  if (isOneOfMany) return <line class="stroke" x1={x} x2={x} y1={y - 5} y2={y + 5} />;
  if (side === 'base') return <circle cx={x} cy={y} r="4.5" />;
  return (
    <svg x={x} y={y} overflow="visible">
      <path d="M0 -6 L6 0 L0 6 L-6 0 Z" />
    </svg>
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

function rangeWords(values: readonly number[]): string {
  if (values.length === 1) return short(values[0] ?? Number.NaN);
  return `${short(median(values))} (${short(Math.min(...values))} to ${short(Math.max(...values))}${values.length > mostDots ? '' : `, ${values.length} times`})`;
}
