import path from 'node:path';
import { z } from 'zod';
import { RingtrialError } from '../../common/errors.ts';
import { loadCandidate } from '../../patches/index.ts';
import { openTrial, testBase, tryCandidate } from '../evaluate.ts';
import { prepare } from '../prepare.ts';
import { RunDirectory } from '../run-directory.ts';
import { secondsSince } from '../seconds.ts';
import type { EvaluateOptions } from '../trial.ts';
import { type Verdict, verdictSchema } from '../verdict.ts';

/** How often is decided by both kernels together, and here one run of base serves all patches. */
export class SeriesRepeatError extends RingtrialError {
  readonly code = 'SERIES_REPEAT_AUTO';
}

/** series.json of a run directory. The version rises when a field changes its meaning or goes. */
export const seriesSchema = z.object({
  schema: z.literal('ringtrial.series/1'),
  /** One line: of the whole series' verdict, and the first patch that brought something bad. */
  summary: z.string(),
  candidate: z.string(),
  /** The series up to and including each patch, in order. */
  steps: z.array(z.object({ patch: z.string(), brings: z.array(z.string()), verdict: verdictSchema })),
  directory: z.string(),
  seconds: z.number(),
});

export type SeriesVerdict = z.infer<typeof seriesSchema>;

/**
 * Puts a series on trial patch by patch: each step is the series up to one more patch, against the same
 * run of base. What did not change is not built again.
 *
 * @throws SeriesRepeatError, and what `evaluate` throws
 */
export async function evaluateEach(options: EvaluateOptions): Promise<SeriesVerdict> {
  if (options.repeat === 'auto')
    throw new SeriesRepeatError(
      'A series patch by patch runs base once for all, so --repeat needs a number.',
    );
  const started = Date.now();
  const { name, patches } = await loadCandidate(options.patch);
  const run = new RunDirectory(`${name}-each`, options.out);
  const base = await openTrial(
    await prepare({ ...options, patches: 0, out: path.join(run.path, '00-base') }),
  );
  const seen = await testBase(base);
  const steps: SeriesVerdict['steps'] = [];
  for (const [index, patch] of patches.entries()) {
    const out = path.join(run.path, `${String(index + 1).padStart(2, '0')}-${patch.name}`);
    const prepared = await prepare({ ...options, patches: index + 1, out });
    const verdict = await tryCandidate({ ...base, ...prepared }, seen);
    const earlier = new Set(steps.flatMap((step) => step.verdict.reasons.map(({ subject }) => subject)));
    const fresh = verdict.reasons.filter(
      ({ weight, subject }) => weight === 'reject' && !earlier.has(subject),
    );
    steps.push({ patch: patch.name, brings: fresh.map(({ text }) => text), verdict });
  }
  const result: SeriesVerdict = {
    schema: 'ringtrial.series/1',
    summary: summarise(steps),
    candidate: name,
    steps,
    directory: run.path,
    seconds: secondsSince(started),
  };
  run.write('series.json', `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

interface Step {
  readonly patch: string;
  readonly verdict: Pick<Verdict, 'verdict' | 'summary' | 'reasons'>;
}

/** The whole series' verdict, the patch that brought what speaks against it, and the first that is bad by itself. */
export function summarise(steps: readonly Step[]): string {
  const last = steps.at(-1);
  if (!last) return 'accepted: there is no patch in it';
  const against = subjectsAgainst(last);
  const culprit = steps.find((step) => against.some((subject) => subjectsAgainst(step).includes(subject)));
  const early = steps.find(({ verdict }) => verdict.verdict === 'rejected');
  return [
    last.verdict.summary,
    ...(culprit ? [`${culprit.patch} brings it`] : []),
    ...(early && early !== culprit ? [mendedLater(early)] : []),
  ].join('; ');
}

const subjectsAgainst = ({ verdict: { verdict, reasons } }: Step): string[] =>
  verdict === 'rejected'
    ? reasons.flatMap(({ weight, subject }) => (weight === 'reject' ? [subject] : []))
    : [];

function mendedLater({ patch, verdict: { reasons } }: Step): string {
  const wrong = reasons.some(({ subject }) => subject === 'build')
    ? 'does not compile without'
    : 'is rejected without';
  return `${patch} ${wrong} those after it, which whoever bisects later meets`;
}
