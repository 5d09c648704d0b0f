#!/usr/bin/env -S ringtrial script
/**
 * The question of the list, answered by kernels that do it: what becomes of a request whose buffer is unregistered, what
 * does unregister wait for, are submissions refused meanwhile, what does all that cost? Designs x trees, one table.
 *
 *     ringtrial script compare-designs --markdown designs.md --svg designs.svg
 *
 * It uses Ringtrial's library only: copy it, and ask your own questions (tools/designs/columns.ts).
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import {
  ExitCode,
  interruptible,
  type LoadedRun,
  loadRun,
  type MatrixFile,
  matrix,
  matrixProgressOn,
  screenOn,
} from 'ringtrial';
import { chalk } from 'zx';
import { designPlot } from './designs/plot.ts';
import { rowsOf } from './designs/rows.ts';
import { markdownTable, terminalTable } from './designs/table.ts';

const usage = `Usage: ringtrial script compare-designs [DESIGN@TREE...] [options]

  DESIGN@TREE           what to compare, 'my.patch@debian:6.1'
                        (default: the designs that come with Ringtrial, on 6.1 and 7.2)
  --measure-profile P   the kernels that are measured (default: bare); what they do is seen with lockdep
  --repeat N            runs of each (default: 1)
  --run DIR             a matrix that such a comparison left: show it again, run nothing
  --resume DIR          go on with one that was stopped
  --out DIR             the directory of the matrix, which must not exist yet
  --markdown FILE, --svg FILE   the table, and the measurements as a plot
`;

const { positionals, values: options } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    'measure-profile': { type: 'string', default: 'bare' },
    repeat: { type: 'string', default: '1' },
    run: { type: 'string' },
    resume: { type: 'string' },
    out: { type: 'string' },
    markdown: { type: 'string' },
    svg: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const usual = [
  ...['2-lookup-under-uring-lock', '3-lazy-keep-on-retry', '3.5-rcu-table', 'quiesce-all'].map(
    (design) => `${design}@debian:6.1`,
  ),
  ...['1-select-at-submission', '3-lazy-keep-on-retry-7.2', '3.5-rcu-table-7.2', 'quiesce-all-7.2'].map(
    (design) => `${design}@debian:7.2`,
  ),
];

/** The programs that answer the questions. */
const programs = {
  'fixed-buffers': ['thread-steps'],
  measure: ['change-latency', 'submission-stall', 'read-throughput'],
};

if (options.help || !(Number(options.repeat) >= 1)) {
  process.stderr.write(usage);
  process.exitCode = options.help ? 0 : ExitCode.usage;
} else {
  const run = options.run === undefined ? await runAll() : await loadRun(options.run);
  await tell(run);
}

async function runAll(): Promise<LoadedRun> {
  const screen = screenOn(process.stderr);
  const { resume, out } = options;
  const place =
    resume === undefined
      ? { matrix: matrixOf(positionals.length > 0 ? positionals : usual), out }
      : { resume };
  try {
    const { directory } = await matrix({
      ...place,
      signal: interruptible(),
      onEvent: matrixProgressOn(screen),
    });
    return await loadRun(directory);
  } finally {
    screen.end();
  }
}

/** Each design on its tree twice: what it does, and what it costs. */
function matrixOf(pairs: readonly string[]): MatrixFile {
  const include = pairs.flatMap((pair) => {
    const at = pair.indexOf('@');
    const [candidate, tree] = at < 0 ? [pair, 'debian:6.1'] : [pair.slice(0, at), pair.slice(at + 1)];
    const common = { candidate, tree, repeat: Number(options.repeat) };
    return [
      { ...common, profile: 'lockdep', suite: 'fixed-buffers', only: programs['fixed-buffers'] },
      { ...common, profile: options['measure-profile'], suite: 'measure', only: programs.measure },
    ];
  });
  return { name: 'designs', include };
}

async function tell(run: LoadedRun): Promise<void> {
  const rows = rowsOf(run);
  process.stdout.write(`${terminalTable(rows)}\n${setting(run)}\n`);
  if (options.markdown !== undefined)
    await writeFile(options.markdown, `${markdownTable(rows)}\n${setting(run)}\n`);
  if (options.svg !== undefined) await writeFile(options.svg, designPlot(rows));
  const unseen = run.trials.filter(({ verdict }) => verdict === undefined);
  for (const { id, missing } of unseen)
    process.stderr.write(`${chalk.yellow('not tried:')} ${id}: ${missing ?? 'has not been run'}\n`);
  process.exitCode = unseen.length > 0 ? ExitCode.inconclusive : ExitCode.accepted;
}

/** Where and when, without which no number means anything. */
function setting(run: LoadedRun): string {
  const verdicts = run.trials.flatMap(({ verdict }) => verdict ?? []);
  const list = (values: readonly string[]): string => [...new Set(values)].join(' and ');
  const dates = verdicts.map(({ startedAt }) => startedAt.slice(0, 10)).toSorted();
  const profiles = list(verdicts.map(({ suite, profile }) => `${suite} with profile ${profile}`));
  return `Accelerator ${list(verdicts.map(({ accelerator }) => accelerator.name))}, ${list(dates)}; ${profiles}; evidence: ${run.directory}`;
}
