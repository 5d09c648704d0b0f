import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aVerdict } from '../fixtures.ts';
import { MatrixDirectory } from './directory.ts';
import { expand } from './expand.ts';
import { checkMatrix } from './load-file.ts';
import { mergeMatrices } from './merge.ts';
import { type Plan, type PlannedTrial, shardOf } from './plan.ts';

let scratch: string;
let plan: Plan;
let state: string | undefined;
beforeEach(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-merge-'));
  state = process.env['XDG_STATE_HOME'];
  process.env['XDG_STATE_HOME'] = path.join(scratch, 'state');
  plan = await planOf(['base', 'quiesce-all', '1-select-at-submission']);
});
afterEach(() => {
  if (state === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = state;
  rmSync(scratch, { recursive: true });
});

const planOf = (candidates: string[]): Promise<Plan> =>
  expand(
    checkMatrix({ candidates, profiles: ['lockdep', 'kasan'] }, { file: 'm', name: 'm', directory: scratch }),
  );

const results = ['accepted', 'rejected', 'inconclusive'] as const;
const reason = 'it does not apply';

/** A part of the matrix, whose every third trial cannot be run: its trials compare with a base of this part. */
async function part(name: string, trials: readonly PlannedTrial[]): Promise<string> {
  await using directory = await MatrixDirectory.create(path.join(scratch, name), plan);
  const base = directory.at('bases', `b-${name}`, 'base');
  mkdirSync(base, { recursive: true });
  writeFileSync(path.join(base, 'console.log'), name);
  const missing = new Map<string, string>();
  for (const trial of trials) {
    const index = plan.trials.indexOf(trial);
    if (index % 3 === 2) missing.set(trial.id, reason);
    else {
      mkdirSync(directory.at(trial.directory));
      symlinkSync(path.relative(directory.at(trial.directory), base), directory.at(trial.directory, 'base'));
      const verdict = results[index % 3] ?? 'accepted';
      const candidate = { name: trial.candidate, title: '', patches: [] };
      const content = aVerdict({
        verdict,
        summary: `${verdict}: ${index}`,
        candidate,
        directory: directory.at(trial.directory),
        seconds: Math.random(),
      });
      writeFileSync(directory.at(trial.directory, 'verdict.json'), JSON.stringify(content));
    }
  }
  directory.write(missing, trials);
  return directory.path;
}

const bytes = (directory: string): string => readFileSync(path.join(directory, 'matrix.json'), 'utf8');

test.each([1, 2, 4, 6])(
  '%i shards put together are what one machine writes, byte for byte',
  async (count) => {
    const whole = await part('whole', plan.trials);
    const shards = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        part(`${index}`, shardOf(plan.trials, { index: index + 1, count })),
      ),
    );
    const merged = await mergeMatrices(shards.toReversed(), path.join(scratch, 'merged'));
    expect(bytes(merged.directory)).toBe(bytes(whole));
    expect(merged.notices).toEqual([]);
    expect(merged.document.summary).toBe('6 trials: 2 rejected, 2 missing, 2 accepted');
    // The consoles of base came along, from the part that the trial ran in.
    rmSync(path.join(scratch, '0'), { recursive: true });
    const console = path.join(merged.directory, plan.trials[0]?.directory ?? '', 'base', 'console.log');
    expect(realpathSync(console).startsWith(merged.directory)).toBe(true);
    expect(readFileSync(console, 'utf8')).toBe('0');
  },
);

test('a shard that is not there leaves its trials missing', async () => {
  const shard = await part('1', shardOf(plan.trials, { index: 1, count: 2 }));
  const { document } = await mergeMatrices([shard], path.join(scratch, 'merged'));
  expect(document.trials.map(({ summary }) => summary).slice(2)).toEqual([
    reason,
    ...Array.from({ length: 3 }, () => 'it has not been run'),
  ]);
});

test('a trial that was run twice counts once, and that is told', async () => {
  const twice = [await part('a', plan.trials), await part('b', plan.trials)];
  const { notices } = await mergeMatrices(twice, path.join(scratch, 'merged'));
  expect(notices[0]).toMatch(/was run 2 times; the first, in .*\/a, counts/);
});

test('parts of different plans, and what is no part, are refused before anything is written', async () => {
  const first = await part('a', plan.trials);
  plan = await planOf(['base']);
  const other = await part('b', plan.trials);
  const out = path.join(scratch, 'merged');
  await expect(mergeMatrices([first, other], out)).rejects.toThrow(/another plan/);
  await expect(mergeMatrices([first, scratch], out)).rejects.toThrow(/no plan of a matrix/);
  expect(existsSync(out)).toBe(false);
});
