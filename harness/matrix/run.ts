import type { MatrixDirectory } from './directory.ts';
import type { MatrixDocument } from './document.ts';
import { runLanes } from './lanes.ts';
import type { PlannedTrial } from './plan.ts';
import { type StepOptions, Steps } from './steps.ts';
import { laneOf, perform, type Task, type TaskOutcome, tasksOf } from './tasks.ts';

/**
 * Does what is missing of a matrix: builds in one lane, guests in the other, so that the next kernel is
 * built while the last one is tested. matrix.json says after each trial how far it came.
 *
 * @param trials those of the plan that are this process's
 */
export async function runTrials(
  directory: MatrixDirectory,
  trials: readonly PlannedTrial[],
  options: StepOptions,
): Promise<MatrixDocument> {
  const missing = new Map<string, string>();
  const open = trials.filter((trial) => directory.verdictOf(trial) === undefined);
  let done = trials.length - open.length;
  options.onEvent({ type: 'began', directory: directory.path, trials: trials.length, finished: done });
  directory.write(missing, trials);
  const steps = new Steps(directory, options);
  const outcomes = new Map<string, TaskOutcome>();
  const run = async (task: Task): Promise<void> => {
    const outcome = await perform(steps, task, async (key) => outcomes.get(key));
    outcomes.set(task.key, outcome);
    if (outcome.state !== 'tried') return;
    if (outcome.problem !== undefined) missing.set(task.trial.id, outcome.problem);
    const row = directory.write(missing, trials).trials.find(({ id }) => id === task.trial.id);
    if (row) options.onEvent({ type: 'finished', trial: row, done: ++done, trials: trials.length });
  };
  const tasks = tasksOf(directory.plan, open);
  await runLanes(
    tasks.map((task) => ({ key: task.key, lane: laneOf(task), needs: task.needs, run: () => run(task) })),
    options.signal,
  );
  return directory.write(missing, trials);
}
