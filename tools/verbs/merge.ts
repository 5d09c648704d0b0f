import { Command } from '@commander-js/extra-typings';
import { mergeMatrices } from '../../harness/matrix/merge.ts';
import { showMatrix } from '../run-matrix.ts';

export const mergeVerb = () =>
  new Command('merge')
    .description('put the shards of one plan together into one matrix')
    .argument('<directories...>', "what 'ringtrial run --shard' made")
    .requiredOption('--out <directory>', 'the directory of the whole, which must not exist yet')
    .option('--json', 'print matrix.json (schema ringtrial.matrix/1)', false)
    .addHelpText('after', "\nExit codes are those of 'ringtrial matrix'.")
    .action(async (directories, { out, json }) => {
      const { notices, ...result } = await mergeMatrices(directories, out);
      for (const notice of notices) process.stderr.write(`ringtrial: ${notice}\n`);
      showMatrix(result, json);
    });
