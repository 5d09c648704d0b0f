import type { ReportEntry } from '../document.ts';
import { matcher } from './cells.ts';
import { usePage } from './context.ts';
import { KnownList } from './known.tsx';
import { List } from './list.tsx';
import { elsewhere } from './route.ts';
import { Sparkline } from './sparkline.tsx';
import { Badge, plural, toneOfCause } from './status.tsx';

const textOf = ({ title, kind, signature, cause, isNew, known }: ReportEntry): string =>
  `${title} ${kind} ${signature} ${cause ?? ''} ${isNew ? 'new' : ''} ${known.length > 0 ? 'known' : ''}`.toLowerCase();

/** The gravest first: what a patch brought, in how many trials. */
export function shownReports(reports: readonly ReportEntry[], text: string): ReportEntry[] {
  const matches = matcher(text);
  return reports
    .filter((report) => matches(textOf(report)))
    .toSorted(
      (a, b) =>
        Number(b.isNew) - Number(a.isNew) ||
        Number(b.cause === 'introduced') - Number(a.cause === 'introduced') ||
        b.trials.length - a.trials.length,
    );
}

/** Every signature that was seen. */
export function Reports() {
  const { index, route } = usePage();
  const reports = shownReports(index.reports, route.text);
  return (
    <>
      <h1 tabIndex={-1} data-heading>
        Kernel reports
      </h1>
      <p class="facts" role="status">
        {reports.length === index.reports.length
          ? plural(reports.length, 'signature')
          : `${reports.length} of ${plural(index.reports.length, 'signature')}`}
      </p>
      {index.reports.length === 0 ? (
        <p>No kernel report was seen.</p>
      ) : (
        <List
          name="reports"
          label="Kernel reports"
          isTall={false}
          count={reports.length}
          row={(number) => {
            const report = reports[number] as ReportEntry;
            return {
              href: elsewhere(route, 'report', report.signature),
              content: <ReportLine report={report} />,
            };
          }}
        />
      )}
      <KnownList entries={index.known} />
    </>
  );
}

function ReportLine({ report }: { report: ReportEntry }) {
  const { index } = usePage();
  return (
    <span class="cell report">
      <span class="sides">
        <ReportBadges report={report} />
      </span>
      <span class="name">{report.title}</span>
      <span class="what">
        base {report.base}×, patched {report.candidate}×
        {index.trials.length > 1 && `, ${plural(report.trials.length, 'trial')}`}
      </span>
      <Sparkline history={report.history} />
    </span>
  );
}

export const ReportBadges = ({
  report: { severity, cause, isNew, known, trials },
}: {
  report: ReportEntry;
}) => (
  <>
    <Badge tone={severity}>{severity}</Badge>
    {isNew && <Badge tone="bug">new</Badge>}
    {known.length > 0 && (
      <Badge tone="quiet">
        {known.length === trials.length ? 'known' : `known in ${known.length} of ${trials.length}`}
      </Badge>
    )}
    {cause && <Badge tone={toneOfCause(cause)}>{cause}</Badge>}
  </>
);

/** A few reports, as links inside a story. */
export function ReportLinks({ reports }: { reports: readonly ReportEntry[] }) {
  const { route } = usePage();
  return (
    <ul class="links">
      {reports.map((report) => (
        <li key={report.signature}>
          <ReportBadges report={report} />{' '}
          <a href={elsewhere(route, 'report', report.signature)}>{report.title}</a>
        </li>
      ))}
    </ul>
  );
}
