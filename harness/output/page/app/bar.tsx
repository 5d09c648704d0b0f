import { statuses } from '../../../status.ts';
import type { Cell } from './cells.ts';
import { usePage } from './context.ts';
import { filterId } from './keys.ts';
import { amend } from './navigation.ts';
import { elsewhere, type Route } from './route.ts';
import { Mark } from './status.tsx';

/** What is always on top: where one is, the filter, and the way to the lists. */
export function Bar({ onHelp }: { onHelp: () => void }) {
  const { index, route, cells } = usePage();
  const views: readonly (readonly [Route['view'], string, number])[] = [
    ['overview', 'Tests', cells.length],
    ['reports', 'Kernel reports', index.reports.length],
  ];
  const inReports = route.view === 'reports' || route.view === 'report';
  return (
    <header class="bar">
      <nav aria-label="Lists">
        {views.map(([view, label, count]) => (
          <a
            key={view}
            href={elsewhere(route, view)}
            aria-current={(view === 'reports') === inReports ? 'page' : undefined}
          >
            {label} <span class="count">{count}</span>
          </a>
        ))}
      </nav>
      <FilterField />
      <button type="button" class="help" aria-label="Keys" title="Keys (?)" onClick={onHelp}>
        ?
      </button>
    </header>
  );
}

/** Typing in a story leads back to the list that it came from: there is nothing else to filter. */
function FilterField() {
  const { route } = usePage();
  const view = route.view === 'report' || route.view === 'reports' ? 'reports' : 'overview';
  return (
    <input
      id={filterId}
      type="search"
      placeholder="filter"
      aria-label="Filter"
      aria-keyshortcuts="/"
      autocomplete="off"
      spellcheck={false}
      value={route.text}
      onInput={({ currentTarget }) => {
        const next = { ...route, text: currentTarget.value };
        if (view === route.view) amend(next);
        else location.hash = elsewhere(next, view);
      }}
    />
  );
}

/** Switches for the statuses that occur, and for what a patch changes. */
export function StatusSwitches({ cells }: { cells: readonly Cell[] }) {
  const { route } = usePage();
  const counts = new Map<string, number>();
  for (const { candidate } of cells) counts.set(candidate, (counts.get(candidate) ?? 0) + 1);
  const toggle = (word: string): void => {
    const only = route.only.includes(word) ? route.only.filter((one) => one !== word) : [...route.only, word];
    amend({ ...route, only });
  };
  return (
    <div class="switches" role="group" aria-label="Show only">
      {statuses
        // One that an address of another run brings along can be switched off, too.
        .filter((status) => counts.has(status) || route.only.includes(status))
        .map((status) => (
          <button
            key={status}
            type="button"
            aria-pressed={route.only.includes(status)}
            onClick={() => toggle(status)}
          >
            <Mark of={status} /> <span class="count">{counts.get(status) ?? 0}</span>
          </button>
        ))}
      <button type="button" aria-pressed={route.only.includes('changed')} onClick={() => toggle('changed')}>
        changed by the patch
      </button>
    </div>
  );
}
