import type { TrialDetail, TrialEntry } from '../document.ts';
import { StatusSwitches } from './bar.tsx';
import { useBlock } from './blocks.ts';
import { CellList } from './cell-list.tsx';
import { filtered } from './cells.ts';
import { Contents } from './contents.tsx';
import { usePage } from './context.ts';
import { Coverage } from './coverage.tsx';
import { DossierList } from './dossier.tsx';
import { KnownList } from './known.tsx';
import { Differing } from './measured.tsx';
import { Missing } from './missing.tsx';
import { Orders } from './orders.tsx';
import { Reasons } from './reasons.tsx';
import { ReportLinks } from './reports.tsx';
import { elsewhere } from './route.ts';
import { Schedules } from './schedules.tsx';
import { Mark, plural } from './status.tsx';

/** What was tried on what, and what came of it. */
function TrialHead({ trial, detail }: { trial: TrialEntry; detail: TrialDetail | null | undefined }) {
  return (
    <>
      <h1 tabIndex={-1} data-heading>
        {trial.candidate} <Mark of={trial.verdict} />
      </h1>
      <p class="summary">{trial.summary}</p>
      <p class="facts">
        {trial.title !== '' && trial.title !== trial.candidate && <>{trial.title} · </>}
        {trial.tree} · {trial.profile} · {trial.suite}
        {detail && (
          <>
            {' '}
            · {detail.tree.version} · {detail.accelerator.name} · {plural(detail.repetitions, 'repetition')} ·{' '}
            <time dateTime={detail.startedAt}>{detail.startedAt.slice(0, 16).replace('T', ' ')} UTC</time> ·{' '}
            {Math.round(detail.seconds)} s
          </>
        )}
      </p>
    </>
  );
}

export function TrialStory() {
  const { index, route } = usePage();
  const number = index.trials.findIndex(({ id }) => id === route.about[0]);
  const trial = index.trials[number];
  return trial ? <Trial trial={trial} number={number} /> : <Missing what={`trial ${route.about[0]}`} />;
}

/** Everything about one trial: of a run that is no matrix, it is the whole page. */
export function Trial({ trial, number }: { trial: TrialEntry; number: number }) {
  const { index, route, byTrial } = usePage();
  const detail = useBlock('trial', number);
  const all = byTrial.get(number) ?? [];
  const shown = filtered(all, route);
  const reports = index.reports.filter((report) => report.trials.includes(number));
  return (
    <>
      <TrialHead trial={trial} detail={detail} />
      <Contents />
      {detail && <Findings detail={detail} trial={trial} />}
      {detail?.coverage && <Coverage coverage={detail.coverage} />}
      <KnownList entries={index.known.filter((entry) => entry.trial === number)} />
      {reports.length > 0 && (
        <section>
          <h2>Kernel reports</h2>
          <ReportLinks reports={reports} />
        </section>
      )}
      {all.length > 0 && (
        <section>
          <h2>Tests</h2>
          <StatusSwitches cells={all} />
          <p class="facts" role="status">
            {shown.length === all.length
              ? plural(all.length, 'test')
              : `${shown.length} of ${plural(all.length, 'test')}`}
          </p>
          <CellList cells={shown} name={`trial-${number}`} />
        </section>
      )}
      {detail && <Schedules schedules={detail.schedules} />}
      {detail && <Limits limits={detail.limits} />}
      {detail && <Differing trial={trial} detail={detail} />}
      {detail && <Orders orders={detail.orders} />}
      {detail && <DossierList dossiers={detail.dossiers} left={detail.dossiersLeft} />}
      {detail && <Setting detail={detail} />}
    </>
  );
}

/** Why the verdict is what it is. */
function Findings({
  detail: { reasons, behaviours, buildError },
  trial,
}: {
  detail: TrialDetail;
  trial: TrialEntry;
}) {
  const { route } = usePage();
  return (
    <>
      {buildError && (
        <section>
          <h2>Compiler</h2>
          <p>
            {buildError.file && (
              <code>
                {buildError.file}:{buildError.line ?? '?'}
              </code>
            )}{' '}
            {buildError.message} {buildError.patch && <>(line from {buildError.patch})</>}
          </p>
          <pre>{buildError.log}</pre>
        </section>
      )}
      <Reasons reasons={reasons} trial={trial} />
      {behaviours.length > 0 && (
        <section>
          <h2>Behaviours that the patch changes</h2>
          <div class="wide">
            <table>
              <thead>
                <tr>
                  <th scope="col">test</th>
                  <th scope="col">observation</th>
                  <th scope="col">base</th>
                  <th scope="col">patched</th>
                </tr>
              </thead>
              <tbody>
                {behaviours.map(({ test, key, base, candidate }) => (
                  <tr key={`${test} ${key}`}>
                    <td>
                      <a href={elsewhere(route, 'test', trial.id, test)}>{test}</a>
                    </td>
                    <td>{key}</td>
                    <td>{base.join(' | ')}</td>
                    <td>{candidate.join(' | ')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </>
  );
}

/** What the verdict cannot say. */
const Limits = ({ limits }: { limits: readonly string[] }) =>
  limits.length === 0 ? null : (
    <section>
      <h2>How sure that is</h2>
      <ul>
        {limits.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );

/** What the trial was made of. */
function Setting({ detail }: { detail: TrialDetail }) {
  const { tree, accelerator, kernels, candidate, directory } = detail;
  return (
    <section>
      <h2>Setting</h2>
      <dl class="setting">
        <div>
          <dt>tree</dt>
          <dd>
            {tree.id} <code>{tree.hash.slice(0, 12)}</code>
          </dd>
        </div>
        {(['base', 'candidate'] as const).map((side) => (
          <div key={side}>
            <dt>kernel of {side}</dt>
            <dd>
              {kernels[side] ? (
                <>
                  <code>{kernels[side].hash.slice(0, 12)}</code> {kernels[side].version}
                </>
              ) : (
                'none'
              )}
            </dd>
          </div>
        ))}
        <div>
          <dt>accelerator</dt>
          <dd>
            {accelerator.name}: {accelerator.why}
          </dd>
        </div>
        <div>
          <dt>patches</dt>
          <dd>
            {candidate.patches.length === 0 ? 'none' : candidate.patches.map(({ name }) => name).join(', ')}
          </dd>
        </div>
        <div>
          <dt>evidence</dt>
          <dd>
            <code>{directory}</code>
          </dd>
        </div>
      </dl>
    </section>
  );
}
