#!/usr/bin/env -S ringtrial script
/**
 * Every night: the newest versions of the trees, the whole matrix, and what is not as it was last night.
 *
 *     ringtrial script nightly nightly.matrix.ts --page night.html --markdown night.md
 *
 * It uses Ringtrial's library only: copy it and make it yours. tools/examples has a systemd timer and a GitHub workflow.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  compareRuns,
  comparisonMarkdown,
  ExitCode,
  fetchTree,
  interruptible,
  type LoadedMatrix,
  type LoadedRun,
  loadMatrixFile,
  loadRun,
  matrix,
  matrixProgressOn,
  type RunComparison,
  runsRoot,
  screenOn,
  writeReport,
} from 'ringtrial';
import { $, chalk } from 'zx';
import { nightFile, nightName, nightsIn, removeOld } from './nightly/nights.ts';

const usage = `Usage: ringtrial script nightly MATRIX-FILE [options]

  --state DIR      where the nights lie (default: below the directory of all runs)
  --keep N         nights that are kept (default: 30)
  --page FILE      write the page of the night
  --markdown FILE  add what changed since last night to this file, in Markdown ($GITHUB_STEP_SUMMARY is one)
  --no-fetch       take the trees as they are in the cache

Exit codes: 0 nothing got worse, 1 something did, 2 usage or configuration,
3 nothing got worse, but something was not observed that was observed last night, or nothing was.`;

const { positionals, values: options } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  allowNegative: true,
  options: {
    state: { type: 'string' },
    keep: { type: 'string', default: '30' },
    page: { type: 'string' },
    markdown: { type: 'string' },
    fetch: { type: 'boolean', default: true },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const [file] = positionals;
if (options.help || file === undefined || !(Number(options.keep) >= 1)) {
  process.stderr.write(`${usage}\n`);
  process.exit(options.help ? 0 : ExitCode.usage);
}

const signal = interruptible();
const loaded = await loadMatrixFile(file);
const state = options.state ?? path.join(runsRoot(), '..', 'nightly', loaded.matrix.name);
if (options.fetch) await fetchTrees(loaded);

const { last, stopped } = await nightsIn(state);
if (stopped !== undefined) say(`going on with ${stopped}, which was stopped`);
const night = await loadRun(await runMatrix(stopped));
const before = last === undefined ? undefined : await loadRun(last).catch(noComparison);
const comparison = before && compareRuns(before, night);
await tell(night, comparison);
await writeFile(path.join(night.directory, nightFile), `${JSON.stringify({ comparedWith: last ?? null })}\n`);
for (const old of await removeOld(state, Number(options.keep))) say(`removed ${old}`);
process.exitCode = exitCodeOf(night, comparison);

/** Git repositories are fetched, Debian's trees looked up. Without network last night's trees must do. */
async function fetchTrees({ matrix, directory }: LoadedMatrix): Promise<void> {
  const named = matrix.trees.map((tree) => (typeof tree === 'string' ? tree : tree.tree));
  const specs = new Set([...named, ...matrix.include.flatMap(({ tree = [] }) => tree)]);
  for (const spec of specs) {
    const repository = /^(.+)@[^@]+$/.exec(spec)?.[1];
    if (spec.startsWith('debian:')) {
      const tree = await fetchTree(spec, { onNotice: say, signal });
      say(`${spec} is ${tree.id}`);
    } else if (repository !== undefined) {
      const { exitCode, stderr } = await $({
        nothrow: true,
        cwd: directory,
        signal,
      })`git -C ${repository} fetch --all --prune`;
      say(exitCode === 0 ? `${repository} fetched` : `${repository} could not be fetched: ${stderr.trim()}`);
    }
  }
}

async function runMatrix(resume: string | undefined): Promise<string> {
  const screen = screenOn(process.stderr);
  try {
    const place =
      resume === undefined ? { matrix: file, out: path.join(state, nightName(new Date())) } : { resume };
    return (await matrix({ ...place, signal, onEvent: matrixProgressOn(screen) })).directory;
  } finally {
    screen.end();
  }
}

async function tell(run: LoadedRun, changes: RunComparison | undefined): Promise<void> {
  await writeReport(run, { format: 'terminal', file: undefined });
  const text = changes ? comparisonMarkdown(changes) : 'There is no earlier night to compare with.\n';
  process.stdout.write(`\nSince ${last ?? 'ever'}:\n${text}`);
  if (options.markdown !== undefined)
    await appendFile(
      options.markdown,
      `## Ringtrial, ${path.basename(run.directory)}: ${run.summary}\n\n${text}\n`,
    );
  if (options.page !== undefined) await writeReport(run, { format: 'html', file: options.page });
}

function exitCodeOf(run: LoadedRun, changes: RunComparison | undefined): number {
  if (changes && changes.regressions.length > 0) return ExitCode.rejected;
  const unseen = run.trials.every(({ verdict }) => verdict === undefined);
  return unseen || (changes && changes.lost.length > 0) ? ExitCode.inconclusive : ExitCode.accepted;
}

function noComparison(error: Error): undefined {
  say(`no comparison with the last night: ${error.message}`);
}

function say(text: string): void {
  process.stderr.write(`${chalk.dim('nightly:')} ${text}\n`);
}
