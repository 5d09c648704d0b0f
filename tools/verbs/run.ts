import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { readPlan } from '../../harness/matrix/directory.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { runMatrix } from '../run-matrix.ts';
import { positive, shard } from '../values.ts';

export const runVerb = () =>
  new Command('run')
    .description('run a plan, or one shard of it; started again, it goes on with what is missing')
    .requiredOption('--plan <file>', "what 'ringtrial plan' wrote")
    .option('--shard <i/n>', 'only part i, from 1, of n equal ones', shard)
    .requiredOption('--out <directory>', 'the directory of this part; one that was begun is gone on with')
    .option('--jobs <n>', 'compilers at once (default: one for each processor)', positive)
    .option('--json', 'print matrix.json (schema ringtrial.matrix/1)', false)
    .addHelpText(
      'after',
      "\n'ringtrial merge' puts the parts together. Exit codes are those of 'ringtrial matrix'.",
    )
    .action(async ({ plan: file, out, json, ...options }) => {
      const plan = await readPlan(file);
      const signal = interruptible();
      await ensureHost(signal);
      const where = existsSync(path.join(out, 'plan.json')) ? { resume: out } : { out };
      await runMatrix({ plan, ...where, ...options, signal }, json, () => 'the same command');
    });
