import path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { newTest } from '../../harness/suite/skeleton.ts';

export const newTestVerb = () =>
  new Command('new-test')
    .description('write the skeleton of a test program, and the suite.json that makes its directory a suite')
    .argument('<name>', 'lower-case letters, digits and -')
    .option('--in <directory>', 'where to write it', '.')
    .action(async (name, options) => {
      const { source, suite, suiteIsNew } = await newTest(name, options.in);
      const here = (file: string): string => path.relative('.', file) || '.';
      const directory = path.dirname(suite);
      // A path is told from the name of a suite that comes with Ringtrial by its slash.
      const asSuite = directory === process.cwd() ? '.' : here(directory).replace(/^(?!\.\.?\/|\/)/, './');
      process.stdout.write(`${here(source)}: it compiles and passes as it is
${here(suite)}: ${suiteIsNew ? 'describes the suite' : 'has an entry for it'}
Next:
  ringtrial suite ${asSuite}                      compiles it and lists its test points
  ringtrial evaluate base --suite ${asSuite}      runs it on two unpatched kernels
`);
    });
