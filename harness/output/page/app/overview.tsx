import { StatusSwitches } from './bar.tsx';
import { CellList } from './cell-list.tsx';
import { usePage } from './context.ts';
import { Matrix } from './matrix.tsx';
import { Mark, plural } from './status.tsx';
import { Trial } from './trial.tsx';

/** A matrix at a glance, and all its tests; of a single trial, its story. */
export function Overview() {
  const { index, cells, shown } = usePage();
  const only = index.kind === 'trial' ? index.trials[0] : undefined;
  if (only) return <Trial trial={only} number={0} />;
  return (
    <>
      <h1>{index.name}</h1>
      <p class="facts">{index.summary}</p>
      <VerdictCounts />
      <Matrix />
      <h2>Tests</h2>
      <StatusSwitches cells={cells} />
      <p class="facts" role="status">
        {shown.length === cells.length
          ? plural(cells.length, 'result')
          : `${shown.length} of ${plural(cells.length, 'result')}`}
      </p>
      <CellList cells={shown} name="tests" />
    </>
  );
}

function VerdictCounts() {
  const { index } = usePage();
  const counts = (['rejected', 'inconclusive', 'missing', 'accepted'] as const).flatMap((verdict) => {
    const count = index.trials.filter((trial) => trial.verdict === verdict).length;
    return count === 0 ? [] : { verdict, count };
  });
  return (
    <ul class="counts">
      {counts.map(({ verdict, count }) => (
        <li key={verdict}>
          <Mark of={verdict}>
            {count} {verdict}
          </Mark>
        </li>
      ))}
    </ul>
  );
}
