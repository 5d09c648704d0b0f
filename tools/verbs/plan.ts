import { writeFile } from 'node:fs/promises';
import { Command } from '@commander-js/extra-typings';
import { expand } from '../../harness/matrix/expand.ts';
import { loadMatrixFile } from '../../harness/matrix/load-file.ts';
import { show } from '../show.ts';

export const planVerb = () =>
  new Command('plan')
    .description("write a matrix's plan, with all its patches: what 'ringtrial run' needs on other machines")
    .argument('<file>', 'the matrix: TypeScript with a default export (it is run), or JSON')
    .option('-o, --output <file>', 'where it goes (default: standard output)')
    .action(async (file, { output }) => {
      const plan = await expand(await loadMatrixFile(file));
      if (output === undefined) return show(plan);
      await writeFile(output, `${JSON.stringify(plan, null, 2)}\n`);
      process.stderr.write(`${plan.trials.length} trials in ${output}\n`);
    });
