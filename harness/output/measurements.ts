import { enoughRuns } from '../measurements.ts';
import { leavesOutZero } from '../statistics/bootstrap.ts';
import { safeLine } from '../triage/safe.ts';
import type { Measurement } from '../verdict.ts';
import { plot, showsUnicode } from './plot.ts';
import { styled } from './screen.ts';

const mostAlike = 12;

/** Measurements of both kernels: those that differ with a plot, the others in a line each. */
export function measurementList(
  all: readonly Measurement[],
  stream: NodeJS.WriteStream,
  unicode = showsUnicode(process.env),
): string {
  if (all.length === 0) return '';
  const shown = [
    ...all.filter(({ differs }) => differs),
    ...all.filter(({ differs }) => !differs).slice(0, mostAlike),
  ];
  const lines = shown.flatMap((one) => [
    `  ${styled(one.differs ? 'bold' : 'dim', words(one, unicode), stream)}`,
    ...(one.differs && one.p99 ? [`    99 of 100 take at most ${change(one.p99, one.unit, unicode)}`] : []),
    ...(one.differs ? plotLines(one, unicode) : []),
  ]);
  if (shown.length < all.length)
    lines.push(`  and ${all.length - shown.length} more that do not differ for sure, in verdict.json`);
  const fewest = Math.min(...shown.map(({ base, candidate }) => Math.min(base.runs, candidate.runs)));
  if (fewest < enoughRuns) lines.push(`  ${fewNote(fewest)}`);
  return `Measurements, base -> patched (medians; they decide nothing unless the suite's policy says so):\n${lines.map((line) => `${line}\n`).join('')}`;
}

const fewNote = (runs: number): string =>
  runs === 1
    ? `One run of each kernel: how runs differ among themselves is not known, and the intervals leave it out; --repeat ${enoughRuns} shows it.`
    : `With ${runs} runs of each kernel little is known of how runs differ, and the intervals are too narrow; --repeat ${enoughRuns} helps.`;

const words = (one: Measurement, unicode: boolean): string =>
  `${safeLine(one.test)} ${safeLine(one.name)}: ${change(one.median, one.unit, unicode)}${doubt(one)}`;

/** A few of a hundred intervals leave out zero where nothing differs. */
function doubt({ differs, median: { differenceInterval } }: Measurement): string {
  if (differs) return '';
  return leavesOutZero(differenceInterval) ? ', no sure difference among so many' : ', no sure difference';
}

/** `1.2 ms -> 3.4 ms, x2.8 (95 %: 2.5..3.1)`; a difference where there is no ratio. */
function change(
  { base, candidate, difference, differenceInterval, ratio, ratioInterval }: Measurement['median'],
  unit: string,
  unicode: boolean,
): string {
  const value = (number: number): string => quantity(number, unit, unicode);
  const both = `${value(base)} -> ${value(candidate)}`;
  if (ratio !== undefined && ratioInterval)
    return `${both}, x${digits(ratio)} (95 %: ${ratioInterval.map(digits).join('..')})`;
  const signed = (number: number): string => `${number > 0 ? '+' : ''}${value(number)}`;
  return `${both}, ${signed(difference)} (95 %: ${differenceInterval.map(signed).join('..')})`;
}

const digits = (number: number): string => (number < 10 ? number.toFixed(2) : number.toPrecision(3));

const steps = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
  ['ns', 1],
] as const;

/** Nanoseconds in the unit that suits them, anything else as it is. */
function quantity(number: number, unit: string, unicode: boolean): string {
  const short = (value: number): string => String(Number(value.toPrecision(3)));
  if (unit !== 'ns') return `${short(number)} ${safeLine(unit).replace('of-', 'of ')}`;
  const [name, size] = steps.find(([, least]) => Math.abs(number) >= least) ?? (['ns', 1] as const);
  return `${short(number / size)} ${unicode ? name.replace('us', 'µs') : name}`;
}

function plotLines({ base, candidate, unit }: Measurement, unicode: boolean): string[] {
  const [before, after] = plot(base, candidate, unicode);
  const value = (number: number): string => quantity(number, unit, unicode);
  const low = Math.min(base.quantiles.min, candidate.quantiles.min);
  const high = Math.max(base.quantiles.max, candidate.quantiles.max);
  return [
    `    base     |${before}`,
    `    patched  |${after}`,
    `             ${value(low)} to ${value(high)}`,
  ];
}
