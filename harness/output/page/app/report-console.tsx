import { useState } from 'preact/hooks';
import { useBlock } from './blocks.ts';
import { Console } from './console.tsx';
import { usePage } from './context.ts';
import { KnownNote } from './known.tsx';
import { ReportBadges } from './reports.tsx';
import { elsewhere } from './route.ts';

/** A report inside a test's story: the way to its own story, and on demand the console that it stands in. */
export function ReportConsole({ number, trial }: { number: number; trial: number }) {
  const { index, route } = usePage();
  const [isOpen, setOpen] = useState(false);
  const [at, setAt] = useState<number>();
  const report = index.reports[number];
  const detail = useBlock('report', isOpen ? number : -1);
  if (report === undefined) return null;
  const shownFrom = index.trials[detail?.sightings[0]?.trial ?? -1];
  return (
    <article>
      <ReportBadges report={report} />{' '}
      <a href={elsewhere(route, 'report', report.signature)}>{report.title}</a>
      <KnownNote report={report} trial={trial} />
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>console</summary>
        {isOpen && detail && (
          <>
            {index.trials.length > 1 && <p class="facts">as {shownFrom?.id} printed it</p>}
            <Console excerpt={detail.excerpt} name={`console-${number}`} at={at} onJump={setAt} />
          </>
        )}
      </details>
    </article>
  );
}
