import type { LoadedRun } from '../load-run.ts';
import { safe, safeLine } from '../triage/safe.ts';
import type { Output } from './report.ts';
import { table } from './table.ts';
import { renderVerdict } from './terminal.ts';

/** For people: a trial as `evaluate` shows it; of a matrix the list, and everything about what was not accepted. */
export const terminalOutput: Output = {
  render(run, { stream = process.stdout }) {
    const [only] = run.trials;
    if (run.kind === 'trial' && only?.verdict) return renderVerdict(only.verdict, stream);
    const open = run.trials.flatMap(({ id, verdict }) =>
      verdict && verdict.verdict !== 'accepted'
        ? [`== ${safeLine(id)}\n${renderVerdict(verdict, stream)}`]
        : [],
    );
    return [...open, overview(run)].join('\n');
  },
};

function overview({ name, summary, directory, trials }: LoadedRun): string {
  const rows = trials.map(({ id, verdict, missing }) =>
    [id, verdict?.verdict ?? 'missing', verdict?.summary ?? missing ?? 'has not been run'].map(safeLine),
  );
  return `${table(['trial', 'verdict', ''], rows)}\n${safe(`${name}: ${summary}`)}\nevidence: ${safeLine(directory)}\n`;
}
