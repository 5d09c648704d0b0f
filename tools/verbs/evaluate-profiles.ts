import { RingtrialError } from '../../common/errors.ts';
import { loadRun } from '../../harness/load-run.ts';
import { chooseProfiles, planOfProfiles, treeFor } from '../../harness/matrix/of-profiles.ts';
import { checkTargets, type ReportTarget } from '../../harness/output/write-report.ts';
import type { EvaluateOptions } from '../../harness/trial.ts';
import { runMatrix } from '../run-matrix.ts';
import { watched } from '../trial-screen.ts';
import { writeReports } from './reports.ts';

/** Several profiles go with no other way to make several trials. */
export class ProfilesError extends RingtrialError {
  readonly code = 'PROFILES';
}

export interface ProfilesAsked {
  /** Names, or `all`. */
  readonly profiles: readonly string[];
  readonly json: boolean;
  readonly report: readonly ReportTarget[];
}

/** Puts a candidate on trial in several profiles: a matrix of one row, with its table and its exit code. */
export async function evaluateProfiles(
  { out, jobs, ...options }: EvaluateOptions,
  { profiles: wanted, json, report }: ProfilesAsked,
): Promise<void> {
  await checkTargets(report);
  const { patch } = options;
  const tree = await treeFor(patch, options.tree);
  const { plan, signal } = await watched(patch, async ({ signal, onEvent }) => {
    const { profiles, leftOut } = await chooseProfiles(wanted, tree, {
      signal,
      onEvent: (event) => onEvent({ type: 'kernel', side: 'base', event }),
    });
    for (const { profile, why } of leftOut)
      onEvent({
        type: 'notice',
        message: `profile ${profile} is left out: ${tree} does not support it: ${why}`,
      });
    return { plan: await planOfProfiles({ ...options, tree }, profiles), signal };
  });
  const { directory } = await runMatrix({ plan, out, jobs, signal }, json);
  await writeReports(await loadRun(directory), report);
}
