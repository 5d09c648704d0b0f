import type { PageIndex, TrialEntry } from '../document.ts';
import { type Cell, changeWords } from './cells.ts';
import { usePage } from './context.ts';
import { List } from './list.tsx';
import { elsewhere } from './route.ts';
import { flakeRate, Sparkline } from './sparkline.tsx';
import { Mark, percent, plural } from './status.tsx';

/** Tests, each a link to its story. */
export function CellList({ cells, name }: { cells: readonly Cell[]; name: string }) {
  const { index, route } = usePage();
  const withTrial = index.trials.length > 1 && !name.startsWith('trial');
  if (cells.length === 0) return <p class="facts">No test is like that.</p>;
  return (
    <List
      name={name}
      label="Tests"
      isTall={withTrial}
      count={cells.length}
      row={(number) => {
        const cell = cells[number] as Cell;
        return {
          href: elsewhere(route, 'test', cell.trial.id, cell.name),
          content: <CellLine cell={cell} withTrial={withTrial} />,
        };
      }}
    />
  );
}

function CellLine({ cell, withTrial }: { cell: Cell; withTrial: boolean }) {
  const { index } = usePage();
  const { name, trial, base, candidate, behaviours, measurements, history } = cell;
  const words = [
    ...changeWords(cell),
    ...(behaviours > 0 ? [plural(behaviours, 'behaviour')] : []),
    ...(measurements > 0
      ? [`${plural(measurements, 'measurement')} differ${measurements === 1 ? 's' : ''}`]
      : []),
    ...flakyWords(history),
  ];
  return (
    <span class={`cell${withTrial ? ' with-trial' : ''}`}>
      <span class="sides">
        <Mark of={base} />
        <span aria-label="then">→</span>
        <Mark of={candidate} />
      </span>
      <span class="name">{name}</span>
      {withTrial && <span class="of">{placeOf(trial, index)}</span>}
      <span class="what">{words.join(', ')}</span>
      <Sparkline history={history} />
    </span>
  );
}

/** Where a test ran; the suite is not said where there is only one. */
function placeOf({ candidate, tree, profile, suite }: TrialEntry, { trials }: PageIndex): string {
  const several = trials.some((other) => other.suite !== suite);
  return [candidate, tree, profile, ...(several ? [suite] : [])].join(' · ');
}

/** Neither always failed nor never, in the earlier runs. */
function flakyWords(history: string): string[] {
  const rate = flakeRate(history);
  return rate === undefined || rate === 0 || rate === 1 ? [] : [`flaky ${percent(rate)}`];
}
