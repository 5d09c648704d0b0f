import type { LoadedRun } from '../load-run.ts';
import type { MatrixDocument } from '../matrix/document.ts';
import { safeLine } from '../triage/safe.ts';
import { renderMatrix } from './matrix.ts';
import type { Output } from './report.ts';
import { renderVerdict } from './terminal.ts';

/** For people: a trial as `evaluate` shows it; of a matrix everything about what was not accepted, and its table. */
export const terminalOutput: Output = {
  render(run, { stream = process.stdout }) {
    const [only] = run.trials;
    if (run.kind === 'trial' && only?.verdict) return renderVerdict(only.verdict, stream);
    const open = run.trials.flatMap(({ id, verdict }) =>
      verdict && verdict.verdict !== 'accepted'
        ? [`== ${safeLine(id)}\n${renderVerdict(verdict, stream)}`]
        : [],
    );
    return [...open, renderMatrix({ directory: run.directory, document: documentOf(run) }, stream)].join(
      '\n',
    );
  },
};

const documentOf = ({ name, summary, trials }: LoadedRun): MatrixDocument => ({
  schema: 'ringtrial.matrix/1',
  name,
  summary: safeLine(summary),
  trials: trials.map(({ verdict, missing = 'has not been run', ...about }) => ({
    ...about,
    verdict: verdict?.verdict ?? 'missing',
    summary: safeLine(verdict?.summary ?? missing),
  })),
});
