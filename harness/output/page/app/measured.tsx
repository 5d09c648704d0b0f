import type {
  MeasurementDetail,
  ObservationDetail,
  TestDetail,
  TrialDetail,
  TrialEntry,
} from '../document.ts';
import { usePage } from './context.ts';
import { Plot, short } from './plot.tsx';
import { elsewhere } from './route.ts';
import { plural } from './status.tsx';

/** With a unit, in numbers, and not always the same one: else there is nothing to draw. */
export function isMeasured({ unit, base, candidate }: ObservationDetail): boolean {
  const values = [...base, ...candidate];
  return (
    unit !== undefined &&
    new Set(values).size > 1 &&
    values.every((value) => value !== '' && Number.isFinite(Number(value)))
  );
}

/** As the harness compared them; an observation that it had too few of to compare is only drawn. */
export function Measured({ detail: { observations, measurements } }: { detail: TestDetail }) {
  const compared = new Set(measurements.map(({ name }) => name));
  const drawn = observations.filter((one) => isMeasured(one) && !compared.has(one.key));
  if (measurements.length + drawn.length === 0) return null;
  return (
    <section>
      <h2>Measured</h2>
      {measurements.map((one) => (
        <Compared key={one.name} measurement={one} />
      ))}
      {drawn.map(({ key, unit = '', base, candidate }) => (
        <figure key={key} class="plot">
          <Plot name={key} unit={unitWords(unit)} base={base.map(Number)} candidate={candidate.map(Number)} />
        </figure>
      ))}
    </section>
  );
}

/** The measurements of a trial that differ for sure. */
export function Differing({ trial, detail }: { trial: TrialEntry; detail: TrialDetail }) {
  const { index, route } = usePage();
  const found = detail.tests.flatMap(({ measurements }, number) =>
    measurements
      .filter(({ differs }) => differs)
      .map((one) => ({ one, test: index.names[trial.cells[number]?.[0] ?? -1] ?? '' })),
  );
  if (found.length === 0) return null;
  return (
    <section>
      <h2>Measurements that differ</h2>
      {found.some(({ one }) => Math.min(one.base.runs, one.candidate.runs) < enoughRuns) && (
        <p class="notice">
          With less than {enoughRuns} runs of each kernel nobody knows how runs differ among themselves: these
          may differ by chance.
        </p>
      )}
      <ul class="links">
        {found.map(({ one, test }) => (
          <li key={`${test} ${one.name}`}>
            <a href={elsewhere(route, 'test', trial.id, test)}>{test}</a> {one.name}:{' '}
            {changeWords(one.median, unitFor(one.unit, one.median.base))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Compared({ measurement }: { measurement: MeasurementDetail }) {
  const { name, unit, base, candidate, median, p99, differs } = measurement;
  const { word, size } = unitFor(unit, median.base);
  const scaled = (values: readonly number[]): number[] => values.map((value) => value / size);
  return (
    <figure class="plot">
      <Plot name={name} unit={word} base={scaled(base.samples)} candidate={scaled(candidate.samples)} />
      <p class="facts">
        {differs ? <strong>The medians differ: </strong> : 'No sure difference of the medians: '}
        {changeWords(median, { word, size })}
        {p99 && <>; 99 of 100 take at most {changeWords(p99, { word, size })}</>}. {countWords(measurement)}
      </p>
    </figure>
  );
}

/** With fewer runs how runs differ among themselves is a guess (harness/measurements.ts). */
const enoughRuns = 4;

function countWords({ kind, base, candidate }: MeasurementDetail): string {
  const runs = Math.min(base.runs, candidate.runs);
  const samples = kind === 'samples' ? `${base.count} and ${candidate.count} samples of ` : '';
  const doubt = runs < enoughRuns ? ', too few to know how runs differ: the intervals are too narrow' : '';
  return `From ${samples}${plural(runs, 'run')} of each kernel${doubt}.`;
}

interface Unit {
  readonly word: string;
  /** How many of the measurement's own unit make one. */
  readonly size: number;
}

/** `1.2 → 3.4 ms, ×2.8 (95 %: 2.5 to 3.1)`; a difference where there is no ratio. */
function changeWords(
  { base, candidate, difference, differenceInterval, ratio, ratioInterval }: MeasurementDetail['median'],
  { word, size }: Unit,
): string {
  const both = `${short(base / size)} → ${short(candidate / size)} ${word}`;
  if (ratio !== undefined && ratioInterval)
    return `${both}, ×${short(ratio)} (95 %: ${ratioInterval.map(short).join(' to ')})`;
  const signed = (value: number): string => `${value > 0 ? '+' : ''}${short(value / size)}`;
  return `${both}, ${signed(difference)} (95 %: ${differenceInterval.map(signed).join(' to ')})`;
}

const unitWords = (unit: string): string => unit.replace('of-', 'of ');

const ofTime: readonly Unit[] = [
  { word: 's', size: 1e9 },
  { word: 'ms', size: 1e6 },
  { word: 'µs', size: 1e3 },
];

/** Nanoseconds in the unit that suits their size, anything else as it is. */
function unitFor(unit: string, value: number): Unit {
  const suits = unit === 'ns' ? ofTime.find(({ size }) => Math.abs(value) >= size) : undefined;
  return suits ?? { word: unitWords(unit), size: 1 };
}
