import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveTree } from '../../vm/kernel/index.ts';
import { openTrial, testBase } from '../evaluate.ts';
import type { MatrixEvent } from '../matrix/events.ts';
import { matrix } from '../matrix/matrix.ts';
import { buildSide, prepare } from '../prepare.ts';
import { atMost, type Figure, timed } from './measure.ts';

export interface MatrixBenchOptions {
  /** One-file candidates that were never built. */
  readonly candidates: number;
  readonly profiles: readonly string[];
  readonly only?: readonly string[] | undefined;
  readonly tree: string;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** What builds and tests take by themselves, with nothing else going on, in seconds. */
interface Alone {
  readonly build: number;
  readonly test: number;
}

/** One file of io_uring that every kernel since 5.x has, and that nothing else includes. */
const file = 'io_uring/nop.c';

/**
 * Runs a matrix of candidates that nobody has built, and compares its wall time with what its builds and its
 * tests take when they are done alone, one after the other.
 */
export async function benchMatrix(options: MatrixBenchOptions): Promise<Figure[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'ringtrial-bench-'));
  try {
    const patches = await makePatches(options, scratch);
    const [spare = '', ...candidates] = patches;
    const alone: Alone[] = [];
    for (const profile of options.profiles)
      alone.push(await measureAlone(options, { profile, spare, scratch }));
    const times: HarnessTimes = { perCell: [], perTrial: [] };
    const { milliseconds } = await timed(() =>
      matrix({
        matrix: {
          candidates,
          trees: [options.tree],
          profiles: [...options.profiles],
          ...(options.only ? { only: [...options.only] } : {}),
        },
        out: path.join(scratch, 'matrix'),
        signal: options.signal,
        onEvent: watch(times, options.onProgress),
      }),
    );
    return figures(options, { alone, times, wall: milliseconds / 1000 });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Patches that change nothing but a comment: different kernels, and one object to compile for each. */
async function makePatches(
  { tree, candidates, signal }: MatrixBenchOptions,
  scratch: string,
): Promise<string[]> {
  const { dir } = await resolveTree(tree, { signal });
  const lines = (await readFile(path.join(dir, file), 'utf8')).split('\n').slice(0, 6);
  const part = (from: number): string =>
    lines
      .slice(from, from + 3)
      .map((line) => ` ${line}\n`)
      .join('');
  const token = `${Date.now()}-${process.pid}`;
  return await Promise.all(
    Array.from({ length: candidates + 1 }, async (_, index) => {
      const name = path.join(scratch, `bench-${index}.patch`);
      const hunk = `@@ -1,6 +1,7 @@\n${part(0)}+/* ${token}-${index} */\n${part(3)}`;
      await writeFile(name, `diff --git a/${file} b/${file}\n--- a/${file}\n+++ b/${file}\n${hunk}`);
      return name;
    }),
  );
}

async function measureAlone(
  { tree, only, signal, onProgress }: MatrixBenchOptions,
  { profile, spare, scratch }: { readonly profile: string; readonly spare: string; readonly scratch: string },
): Promise<Alone> {
  onProgress(`${profile}: a build alone, and a pass alone`);
  const out = path.join(scratch, `alone-${profile}`);
  const prepared = await prepare({ patch: spare, tree, profile, only, out, signal });
  const trial = await openTrial(prepared);
  const build = await timed(() => buildSide(trial, 'candidate'));
  const test = await timed(() => testBase(trial));
  return { build: build.milliseconds / 1000, test: test.milliseconds / 1000 };
}

/** What the harness itself takes, in milliseconds. */
interface HarnessTimes {
  /** Of each cell what neither its guest nor its program nor the questions afterwards took. */
  readonly perCell: number[];
  /** From a trial's last test to its row in matrix.json. */
  readonly perTrial: number[];
}

function watch(
  { perCell, perTrial }: HarnessTimes,
  onProgress: (what: string) => void,
): (event: MatrixEvent) => void {
  let lastTest = performance.now();
  return (event) => {
    if (event.type === 'trial' && event.event.type === 'test' && event.event.state === 'finished') {
      const { milliseconds, parts } = event.event;
      perCell.push(milliseconds - parts.guest - parts.program - parts.questions);
      lastTest = performance.now();
    }
    if (event.type !== 'finished') return;
    perTrial.push(performance.now() - lastTest);
    onProgress(`${event.done} of ${event.trials} trials`);
  };
}

function figures(
  { candidates, profiles, only }: MatrixBenchOptions,
  {
    alone,
    times: { perCell, perTrial },
    wall,
  }: { readonly alone: readonly Alone[]; readonly times: HarnessTimes; readonly wall: number },
): Figure[] {
  const builds = alone.reduce((sum, { build }) => sum + candidates * build, 0);
  // Base runs once for all candidates of a profile.
  const tests = alone.reduce((sum, { test }) => sum + (candidates + 1) * test, 0);
  const what = `${candidates} candidates x ${profiles.join(', ')}${only ? ` x ${only.join(', ')}` : ''}`;
  const seconds = (value: number): number => Math.round(value * 10) / 10;
  return [
    {
      name: 'one build alone',
      value: seconds(builds / candidates / profiles.length),
      unit: 's',
      note: 'mean of the profiles',
    },
    {
      name: 'one pass alone, boot included',
      value: seconds(tests / (candidates + 1) / profiles.length),
      unit: 's',
      note: 'mean of the profiles',
    },
    { name: 'the matrix', value: seconds(wall), unit: 's', note: what },
    atMost(
      {
        name: 'the matrix against its builds and passes alone',
        value: Math.round((wall / (builds + tests)) * 100) / 100,
        unit: 'x',
      },
      1.15,
    ),
    atMost(
      {
        name: 'harness per cell, beside its guest, program and questions',
        value: Math.round(perCell.reduce((sum, one) => sum + one, 0) / perCell.length),
        unit: 'ms',
        note: `mean of ${perCell.length}; the longest ${Math.max(...perCell)} ms`,
      },
      50,
    ),
    {
      name: "from a trial's last test to its row",
      value: Math.round(Math.max(...perTrial)),
      unit: 'ms',
      note: `the longest of ${perTrial.length}`,
    },
  ];
}
