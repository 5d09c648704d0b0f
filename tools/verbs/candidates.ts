import { Command } from '@commander-js/extra-typings';
import { table } from '../../harness/output/table.ts';
import { listCandidates } from '../../patches/index.ts';

export const candidatesVerb = () =>
  new Command('candidates')
    .description('list the candidates that come with Ringtrial')
    .option('--json', 'print them as JSON')
    .action(async (options) => {
      const candidates = await listCandidates();
      if (options.json) {
        const plain = candidates.map(({ name, title, kind, trees, patches }) => ({
          name,
          title,
          kind,
          trees,
          patches: patches.map((patch) => patch.name),
        }));
        process.stdout.write(`${JSON.stringify(plain, null, 2)}\n`);
        return;
      }
      process.stdout.write(
        table(
          ['name', 'trees', 'what it is'],
          candidates.map(({ name, trees, title }) => [name, trees.join(', ') || 'any', title]),
        ),
      );
    });
