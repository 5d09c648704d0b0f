import type { TrialEntry } from '../document.ts';
import { isChanged } from './cells.ts';
import { usePage } from './context.ts';
import { elsewhere } from './route.ts';
import { Mark } from './status.tsx';

const columnOf = ({ tree, profile, suite }: TrialEntry): string => JSON.stringify([tree, profile, suite]);

/** Candidates in rows; trees, profiles and suites in columns. Arrow keys go from cell to cell. */
export function Matrix() {
  const { index } = usePage();
  const columns = [...new Map(index.trials.map((trial) => [columnOf(trial), trial])).entries()];
  const candidates = [...new Set(index.trials.map(({ candidate }) => candidate))];
  const at = new Map(index.trials.map((trial, number) => [`${trial.candidate}\n${columnOf(trial)}`, number]));
  const suites = new Set(index.trials.map(({ suite }) => suite));
  return (
    // biome-ignore lint/a11y: the wide table scrolls by itself, also by keys
    <div class="matrix" tabIndex={0} role="region" aria-label="Matrix" data-keys onKeyDown={moveInGrid}>
      <table>
        <thead>
          <tr>
            <th scope="col">candidate</th>
            {columns.map(([key, { tree, profile, suite }]) => (
              <th key={key} scope="col">
                {tree}
                <br />
                <span class="dim">
                  {profile}
                  {suites.size > 1 && ` · ${suite}`}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {candidates.map((candidate) => (
            <tr key={candidate}>
              <th scope="row">{candidate}</th>
              {columns.map(([key]) => (
                <td key={key}>
                  <MatrixCell number={at.get(`${candidate}\n${key}`)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MatrixCell({ number }: { number: number | undefined }) {
  const { index, route, byTrial } = usePage();
  const trial = number === undefined ? undefined : index.trials[number];
  if (number === undefined || trial === undefined) return <span class="dim">not planned</span>;
  const own = byTrial.get(number) ?? [];
  const changed = own.filter(isChanged).length;
  return (
    <a href={elsewhere(route, 'trial', trial.id)} title={trial.summary}>
      <Mark of={trial.verdict} />
      <span class="dim">{own.length === 0 ? 'no results' : `${changed} of ${own.length} changed`}</span>
    </a>
  );
}

const moves: Record<string, readonly [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

function moveInGrid(event: KeyboardEvent): void {
  const move = moves[event.key];
  const link = event.target instanceof Element ? event.target.closest('td a') : null;
  if (move === undefined || link === null) return;
  const cell = link.closest('td') as HTMLTableCellElement;
  const row = cell.parentElement as HTMLTableRowElement;
  const rows = [...(row.parentElement?.children ?? [])] as HTMLTableRowElement[];
  const next = rows[rows.indexOf(row) + move[0]]?.cells[cell.cellIndex + move[1]]?.querySelector('a');
  if (!next) return;
  event.preventDefault();
  next.focus();
}
