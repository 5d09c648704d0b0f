import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from '@commander-js/extra-typings';
import { execa } from 'execa';
import { z } from 'zod';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { needs, testNeeds } from '../../harness/host/needs.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The package holds no tests. */
class NoTestsError extends RingtrialError {
  readonly code = 'NO_TESTS';
}

/** The checks that are one program's exit status, each counted as one test. */
const checks: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['type check', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'biome', 'check', '.'],
  ['unused code', 'knip'],
];

/** The part of vitest's JSON report that is counted. */
const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numFailedTestSuites: z.number(),
});

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const testVerb = () =>
  new Command('test')
    .description("run Ringtrial's own tests: type check, lint, unit tests, and tests in real guests")
    .option('--unit', 'leave out what builds a kernel or starts a guest')
    .argument('[files...]', 'only test files whose path has one of these words')
    .action(async (files, options) => {
      const signal = interruptible();
      if (!existsSync(path.join(root, 'vitest.config.ts')))
        throw new NoTestsError("Ringtrial's own tests are not in its package: clone its repository.");
      await ensureHost(signal, [...needs, ...testNeeds]);
      const counts: Count[] = [];
      if (files.length === 0) for (const check of checks) counts.push(await runCheck(check, signal));
      for (const project of options.unit ? ['unit'] : ['unit', 'vm'])
        counts.push(await runVitest(project, files, signal));
      process.exitCode = summarise(counts);
    });

async function runCheck(
  [name, program, ...args]: (typeof checks)[number],
  signal: AbortSignal,
): Promise<Count> {
  process.stdout.write(`== ${name}\n`);
  const result = await run(program, args, signal);
  return result.exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

async function runVitest(project: string, files: readonly string[], signal: AbortSignal): Promise<Count> {
  process.stdout.write(`== ${project} tests\n`);
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-test-'));
  try {
    const output = path.join(directory, 'report.json');
    const args = [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
    ];
    // A word that names tests of one project must not fail the other one.
    const result = await run(
      'vitest',
      [...args, ...(files.length > 0 ? ['--passWithNoTests', ...files] : [])],
      signal,
    );
    const text = await readFile(output, 'utf8').catch(() => undefined);
    if (text === undefined) return { passed: 0, failed: result.exitCode === 0 ? 0 : 1, skipped: 0 };
    const report = reportSchema.parse(JSON.parse(text));
    // A file that does not even load has no failed test, but it has failed.
    const failed = Math.max(report.numFailedTests, report.numFailedTestSuites, result.exitCode === 0 ? 0 : 1);
    return { passed: report.numPassedTests, failed, skipped: report.numPendingTests };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const run = (
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ exitCode?: number | undefined }> =>
  execa(program, [...args], {
    cwd: root,
    preferLocal: true,
    localDir: root,
    node: false,
    stdio: ['ignore', 'inherit', 'inherit'],
    reject: false,
    // The tools' own Node is the one that runs this, whatever stands first on PATH.
    env: { PATH: `${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}` },
    cancelSignal: signal,
    forceKillAfterDelay: 20_000,
  });

function summarise(counts: readonly Count[]): number {
  const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`);
  return sum('failed') === 0 && sum('passed') > 0 ? 0 : ExitCode.rejected;
}
