import type { ObservationDetail, ScheduleDetail, SideDetail, TestDetail } from '../document.ts';
import { useBlock } from './blocks.ts';
import { type Cell, isOfReport } from './cells.ts';
import { usePage } from './context.ts';
import { DossierList } from './dossier.tsx';
import { useKeyTarget } from './keys.ts';
import { isMeasured, Measured } from './measured.tsx';
import { Missing } from './missing.tsx';
import { go } from './navigation.ts';
import { Past } from './past.tsx';
import { ReportConsole } from './report-console.tsx';
import { elsewhere } from './route.ts';
import { BySchedule } from './schedules.tsx';
import { Mark, percent, plural } from './status.tsx';

/** What both kernels did under one test, side by side. */
export function TestStory() {
  const { route, cells, shown } = usePage();
  const [id, name] = route.about;
  const isThis = (cell: Cell): boolean => cell.trial.id === id && cell.name === name;
  const cell = cells.find(isThis);
  const trial = useBlock('trial', cell?.trialNumber ?? 0);
  useKeyTarget({
    move: (steps) => {
      const next = shown[shown.findIndex(isThis) + Math.sign(steps)];
      if (next) go(elsewhere(route, 'test', next.trial.id, next.name));
    },
  });
  if (cell === undefined) return <Missing what={`test ${name} of ${id}`} />;
  const detail = trial?.tests[cell.number];
  const program = cell.name.slice(0, cell.name.lastIndexOf('.'));
  return (
    <>
      <h1 tabIndex={-1} data-heading>
        {cell.name}
      </h1>
      <p class="facts">
        <a href={elsewhere(route, 'trial', cell.trial.id)}>{cell.trial.id}</a>
      </p>
      <p class="summary">
        <Mark of={cell.base} /> → <Mark of={cell.candidate} /> {changeWords(cell)}
      </p>
      {trial && detail && (
        <>
          <Chance detail={detail} />
          <div class="two">
            <SidePart title="base" side={detail.base} schedules={trial.schedules} />
            <SidePart title="patched" side={detail.candidate} schedules={trial.schedules} />
          </div>
          <Observations observations={detail.observations.filter((one) => !isMeasured(one))} />
          <Measured detail={detail} />
        </>
      )}
      {cell.reports.length > 0 && (
        <section>
          <h2>Kernel reports while its program ran</h2>
          {cell.reports.map((number) => (
            <ReportConsole key={number} number={number} trial={cell.trialNumber} />
          ))}
        </section>
      )}
      {trial && <DossierList dossiers={trial.dossiers.filter((dossier) => dossier.program === program)} />}
      {detail && <Past past={detail.past} />}
      <Elsewhere cell={cell} />
    </>
  );
}

function changeWords(cell: Cell): string {
  const { change, behaviours } = cell;
  if (isOfReport(cell))
    return change === 'same'
      ? 'by what the kernel reported; the test itself says the same'
      : 'by what the kernel reported; what the test itself says is not known';
  return change === 'same' && behaviours > 0
    ? `same, but ${plural(behaviours, 'behaviour')} changed`
    : change;
}

/** What chance alone would explain. */
function Chance({ detail: { p, pCorrected, runsForFixed, base, candidate } }: { detail: TestDetail }) {
  // Of tests that never failed, or ran once, chance has nothing to say.
  const failed = (base.failures ?? 0) + (candidate.failures ?? 0) > 0;
  const isRepeated = Math.max(base.observed ?? 0, candidate.observed ?? 0) > 1;
  const words = [
    ...(p === undefined || !failed || !isRepeated
      ? []
      : [
          `Two equal kernels would differ as much with a chance of ${p.toPrecision(2)} (Fisher's exact test)`,
        ]),
    ...(pCorrected === undefined || !failed || !isRepeated
      ? []
      : [`${pCorrected.toPrecision(2)} when the number of tests is taken into account (Holm)`]),
    ...(runsForFixed === undefined || !isRepeated
      ? []
      : [`${plural(runsForFixed, 'run')} without a failure would show that it is fixed`]),
  ];
  return words.length === 0 ? null : <p class="facts">{words.join('; ')}.</p>;
}

interface SidePartProps {
  readonly title: string;
  readonly side: SideDetail;
  readonly schedules: readonly ScheduleDetail[];
}

function SidePart({ title, side, schedules }: SidePartProps) {
  const { status, own, reason, runs, validated, counts, policy = [], known, lockdepUse } = side;
  const { diagnostics, left } = side;
  const counted = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return (
    <section class="side">
      <h2>
        {title} <Mark of={status} />
      </h2>
      {reason && <p>{reason}</p>}
      <p class="facts">
        {plural(runs, 'run')}: {counted.join(', ')}
        {own !== status && `; the test itself said ${own}`}
        {known && `; kernels of this age are known for it (${known})`}
        {validated < runs &&
          `; in ${runs - validated} of them a complaint of the kernel would not have been heard`}
        {lockdepUse &&
          lockdepUse.used >= 0.5 &&
          `; lockdep has used ${percent(lockdepUse.used)} of its ${lockdepUse.table}`}
      </p>
      <Rate side={side} />
      <BySchedule side={side} schedules={schedules} />
      {policy.map(({ entry, effect, text, source }) => (
        <p key={entry} class="notice">
          {effect}: {text} <span class="dim">({source})</span>
        </p>
      ))}
      {diagnostics.length > 0 && (
        <details open={status === 'FAIL' || status === 'ERROR'}>
          <summary>{plural(diagnostics.length + left, 'line')} of the test</summary>
          <pre tabIndex={0}>{diagnostics.join('\n')}</pre>
          {left > 0 && <p class="facts">{left} more in verdict.json</p>}
        </details>
      )}
    </section>
  );
}

/** How often it failed, and between which bounds the rate lies. */
function Rate({ side: { rate, interval, observed = 0 } }: { side: SideDetail }) {
  // One run is no rate.
  if (rate === undefined || observed < 2) return null;
  const words = `fails in ${percent(rate)}${interval ? `, between ${percent(interval[0])} and ${percent(interval[1])} with 95 % confidence` : ''}`;
  return (
    <p>
      <svg class="rate" width="100%" height="10" role="img" aria-label={words}>
        <rect class="quiet" x="0" y="4" width="100%" height="2" />
        {interval && (
          <rect
            class="bug pale"
            x={`${interval[0] * 100}%`}
            y="2"
            width={`${(interval[1] - interval[0]) * 100}%`}
            height="6"
          />
        )}
        <circle class="bug" cx={`${rate * 100}%`} cy="5" r="4" />
      </svg>
      <span class="dim">{words}</span>
    </p>
  );
}

/** Facts in a table, each difference marked. */
function Observations({ observations }: { observations: readonly ObservationDetail[] }) {
  if (observations.length === 0) return null;
  return (
    <section>
      <h2>Observed</h2>
      <div class="wide">
        <table class="facts-table">
          <thead>
            <tr>
              <th scope="col">observation</th>
              <th scope="col">base</th>
              <th scope="col">patched</th>
            </tr>
          </thead>
          <tbody>
            {observations.map((one) => (
              <FactRow key={one.key} observation={one} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function FactRow({ observation: { key, unit, base, candidate } }: { observation: ObservationDetail }) {
  const [before, after] = [counted(base), counted(candidate)];
  // What one side never came to say is no difference of behaviour.
  const isKnown = base.length > 0 && candidate.length > 0;
  const differs = isKnown && unit === undefined && sorted(base) !== sorted(candidate);
  return (
    <tr class={differs ? 'differs' : undefined}>
      <th scope="row">
        {differs && <abbr title="differs">≠ </abbr>}
        {key}
        {unit && <span class="dim"> {unit.replace('of-', 'of ')}</span>}
      </th>
      <td>{before}</td>
      <td>{after}</td>
    </tr>
  );
}

const sorted = (values: readonly string[]): string => [...new Set(values)].toSorted().join('\n');

/** `full`, or of different values `full 2×, none 1×`. */
function counted(values: readonly string[]): string {
  const counts = [...Map.groupBy(values, (value) => value)].map(
    ([value, all]) => [value, all.length] as const,
  );
  if (counts.length === 0) return '–';
  if (counts.length === 1) return counts[0]?.[0] ?? '';
  return counts.map(([value, count]) => `${value} ${count}×`).join(', ');
}

const mostElsewhere = 60;

/** The same test in the other trials of the run. */
function Elsewhere({ cell }: { cell: Cell }) {
  const { cells, route } = usePage();
  const others = cells.filter(({ name, trial }) => name === cell.name && trial !== cell.trial);
  if (others.length === 0) return null;
  return (
    <section>
      <h2>The same test elsewhere</h2>
      <ul class="links columns">
        {others.slice(0, mostElsewhere).map(({ trial, base, candidate, name }) => (
          <li key={trial.id}>
            <Mark of={base} /> → <Mark of={candidate} />{' '}
            <a href={elsewhere(route, 'test', trial.id, name)}>{trial.id}</a>
          </li>
        ))}
      </ul>
      {others.length > mostElsewhere && <p class="facts">and {others.length - mostElsewhere} more</p>}
    </section>
  );
}
