import type { BlamedHunk, ReportDetail, ReportEntry, Sighting } from '../document.ts';
import { useBlock } from './blocks.ts';
import { Console, showPart } from './console.tsx';
import { usePage } from './context.ts';
import { useKeyTarget } from './keys.ts';
import { KnownNote } from './known.tsx';
import { Missing } from './missing.tsx';
import { amend, go } from './navigation.ts';
import { Orders } from './orders.tsx';
import { Past } from './past.tsx';
import { ReportBadges, shownReports } from './reports.tsx';
import { elsewhere } from './route.ts';
import { plural } from './status.tsx';

/** A report: what it means, whose doing it is, and its text where it was printed. */
export function ReportStory() {
  const { index, route } = usePage();
  const number = index.reports.findIndex(({ signature }) => signature === route.about[0]);
  const report = index.reports[number];
  const detail = useBlock('report', number);
  useKeyTarget({
    move: (steps) => {
      const list = shownReports(index.reports, route.text);
      const next = list[list.findIndex(({ signature }) => signature === route.about[0]) + Math.sign(steps)];
      if (next) go(elsewhere(route, 'report', next.signature));
    },
  });
  if (report === undefined) return <Missing what="report with this signature" />;
  return (
    <>
      <h1 tabIndex={-1} data-heading>
        {report.title}
      </h1>
      <p class="badges">
        <ReportBadges report={report} />
      </p>
      <dl class="facts">
        <div>
          <dt>kind</dt>
          <dd>{report.kind}</dd>
        </div>
        <div>
          <dt>signature</dt>
          <dd>
            <code>{report.signature}</code>
          </dd>
        </div>
      </dl>
      {detail && <Story detail={detail} report={report} />}
    </>
  );
}

function Story({ detail, report }: { detail: ReportDetail; report: ReportEntry }) {
  const { route } = usePage();
  const { explanation, svg, sightings, excerpt, past } = detail;
  const [first, ...others] = sightings;
  const jump = (at: number): void => amend({ ...route, at });
  const follow = ({ target }: Event): void => {
    const arrow = target instanceof Element ? target.closest('.edge')?.id.replace(/^.*_e/, '') : undefined;
    const part = arrow === undefined ? null : detail.arrows[Number(arrow)];
    if (typeof part !== 'number') return;
    jump(part);
    showPart('report', part);
  };
  return (
    <>
      <ul class="explanation">
        {explanation.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {svg && (
        // biome-ignore lint/a11y: a wide drawing scrolls, also by keys
        <figure tabIndex={0}>
          {/* Graphviz made it of escaped labels (harness/triage/graph.ts), and the policy of this page runs no script but its own. */}
          <div class="graph" onClick={follow} dangerouslySetInnerHTML={{ __html: svg }} />
          <figcaption>
            An arrow leads from the lock that was held to the lock that was taken; the red one made lockdep
            speak.
          </figcaption>
        </figure>
      )}
      <section>
        <h2>Where it was seen</h2>
        {first && <SightingPart sighting={first} report={report} />}
        {others.length > 0 && (
          <details>
            <summary>and in {plural(others.length, 'other trial')}</summary>
            {others.map((sighting) => (
              <SightingPart key={sighting.trial} sighting={sighting} report={report} />
            ))}
          </details>
        )}
      </section>
      <Console excerpt={excerpt} name="report" at={route.at} onJump={jump} />
      <Past past={past} />
    </>
  );
}

function SightingPart({ sighting, report }: { sighting: Sighting; report: ReportEntry }) {
  const { index, route } = usePage();
  const { base, candidate, programs, attribution, hunks, noHunks, orders, console, schedules } = sighting;
  const trial = index.trials[sighting.trial];
  return (
    <article>
      <h3>{trial && <a href={elsewhere(route, 'trial', trial.id)}>{trial.id}</a>}</h3>
      <p class="facts">
        base {base}×, patched {candidate}×{programs.length > 0 && <>, during {programs.join(', ')}</>}
        {schedules.length > 0 && <>, under schedule {schedules.join(', ')}</>} · <code>{console}</code>
      </p>
      <KnownNote report={report} trial={sighting.trial} />
      {attribution && (
        <div class={`cause ${attribution.cause}`}>
          <p>
            <strong>{attribution.words}</strong> ({attribution.score.toFixed(2)}): {attribution.reason}
          </p>
          <ul>
            {attribution.evidence.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </div>
      )}
      <Hunks hunks={hunks.slice(0, hunksInSight)} />
      {hunks.length > hunksInSight && (
        <details>
          <summary>and {plural(hunks.length - hunksInSight, 'other hunk')}</summary>
          <Hunks hunks={hunks.slice(hunksInSight)} />
        </details>
      )}
      {noHunks && <p class="facts">The patch itself is not shown: {noHunks}</p>}
      <Orders orders={orders} />
    </article>
  );
}

const hunksInSight = 2;

const Hunks = ({ hunks }: { hunks: readonly BlamedHunk[] }) => (
  <>
    {hunks.map((hunk) => (
      <HunkPart key={hunk.patch + hunk.file + hunk.header} hunk={hunk} />
    ))}
  </>
);

/** A part of the patch that the attribution names. */
const HunkPart = ({ hunk: { patch, file, header, lines, because } }: { hunk: BlamedHunk }) => (
  <figure class="hunk">
    <figcaption>
      {patch}: <code>{file}</code>, for {because}
    </figcaption>
    <pre tabIndex={0}>
      <span class="dim">{header}</span>
      {lines.map((line, number) => (
        <span key={number} class={line.startsWith('+') ? 'added' : line.startsWith('-') ? 'gone' : undefined}>
          {`\n${line}`}
        </span>
      ))}
    </pre>
  </figure>
);
