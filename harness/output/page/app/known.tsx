import type { KnownEntry, ReportEntry } from '../document.ts';
import { usePage } from './context.ts';
import { elsewhere } from './route.ts';
import { Badge, plural } from './status.tsx';

/** That a report is accepted, or no longer, in one trial; nothing where no file of known reports names it. */
export function KnownNote({ report, trial }: { report: ReportEntry; trial: number }) {
  const { index } = usePage();
  const accepted = report.known.find((one) => one.trial === trial);
  if (accepted)
    return (
      <p class="notice known">
        Known, and accepted until {accepted.expires}: {accepted.reason} (<Link to={accepted.link} />)
      </p>
    );
  const expired = index.known.find(
    ({ trial: of, state, name }) =>
      of === trial && state === 'expired' && (name === report.signature || name === report.title),
  );
  return expired ? (
    <p class="notice known">
      Known, but that has expired ({expired.expires}), so it is not accepted: {expired.reason} (
      <Link to={expired.link} />)
    </p>
  ) : null;
}

/** What files of known reports say, and what became of it. What does not hold comes first. */
export function KnownList({ entries }: { entries: readonly KnownEntry[] }) {
  const { index, route } = usePage();
  if (entries.length === 0) return null;
  return (
    <section>
      <h2>Known reports</h2>
      <ul class="known-list">
        {entries
          .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
          .map((entry, number) => {
            const report = index.reports.find(
              ({ signature, title, trials }) =>
                trials.includes(entry.trial) && (entry.name === signature || entry.name === title),
            );
            return (
              <li key={number}>
                <Badge tone={tones[entry.state]}>{entry.state}</Badge>{' '}
                {report ? (
                  <a href={elsewhere(route, 'report', report.signature)}>{entry.name}</a>
                ) : (
                  <span class="name">{entry.name}</span>
                )}
                : {entry.reason} (<Link to={entry.link} />
                ). {words(entry)}.
                {index.trials.length > 1 && <span class="dim"> {index.trials[entry.trial]?.id}</span>}
              </li>
            );
          })}
      </ul>
    </section>
  );
}

const order: readonly KnownEntry['state'][] = ['expired', 'not seen', 'seen', 'other kernel'];

const tones: Record<KnownEntry['state'], string> = {
  expired: 'warning',
  'not seen': 'warning',
  seen: 'quiet',
  'other kernel': 'quiet',
};

function words({ state, expires, seen }: KnownEntry): string {
  const times = seen > 0 ? `Seen ${plural(seen, 'time')}` : 'Not seen';
  if (state === 'expired') return `${times}; not accepted any more since ${expires} has passed`;
  if (state === 'other kernel') return `${times}; accepted on other kernels only`;
  return seen > 0
    ? `${times}, and accepted until ${expires}`
    : 'It did not come; the entry may have no use any more';
}

/** Where a report is followed up. Only what a browser fetches from afar is a link: no other scheme may run or open anything. */
function Link({ to }: { to: string }) {
  if (!['http:', 'https:'].includes(URL.parse(to)?.protocol ?? '')) return <>{to}</>;
  return (
    <a href={to} rel="noopener noreferrer">
      {to}
    </a>
  );
}
