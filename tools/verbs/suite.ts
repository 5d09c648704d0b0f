import { Command } from '@commander-js/extra-typings';
import { table } from '../../harness/output/table.ts';
import { entriesFor, explainPolicy } from '../../harness/policy-explain.ts';
import { explanations, listPrograms, listSuites, policyOf } from '../../harness/suite/catalogue.ts';
import { explain } from '../../harness/suite/explain.ts';
import { SuiteError } from '../../harness/suite.ts';
import { interruptible } from '../interrupt.ts';

/** Where the output is no terminal, and COLUMNS says nothing. */
const usualWidth = 120;

export const suiteVerb = () =>
  new Command('suite')
    .description('list the suites; of one suite, its programs and their test points')
    .argument('[suite]', "a suite's name, or a directory with a suite.json")
    .option('--explain', 'what each program checks, which designs it tells apart, on which kernels')
    .option('--policy', 'which behaviour is a failure on which kernels, why, and where that comes from')
    .option(
      '--kernel <version>',
      'such as 6.12: what of the policy speaks for it; the version of an external suite',
    )
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Examples:
  ringtrial suite
  ringtrial suite fixed-buffers --explain
  ringtrial suite fixed-buffers --policy --kernel 6.1
  ringtrial suite liburing:fixed --kernel 6.12
  ringtrial suite ./my-tests`,
    )
    .action(async (suite, options) => {
      const json = options.json ?? false;
      if (options.explain) await printExplanations(suite ?? 'fixed-buffers', json);
      else if (options.policy) await printPolicy(suite ?? 'fixed-buffers', options.kernel, json);
      else if (suite === undefined) await printSuites(json);
      else await printPrograms(suite, options.kernel, json);
    });

const print = (text: string): void => void process.stdout.write(text);
const printJson = (value: unknown): void => print(`${JSON.stringify(value, null, 2)}\n`);

async function printSuites(json: boolean): Promise<void> {
  const suites = await listSuites();
  if (json) return printJson(suites);
  const rows = suites.map(({ name, programs, title }) => [
    name,
    programs === null ? '' : `${programs}`,
    title,
  ]);
  print(table(['suite', 'programs', 'what it is'], rows));
}

async function printExplanations(suite: string, json: boolean): Promise<void> {
  const all = await explanations(suite);
  if (json) return printJson(all);
  if (all.length === 0)
    throw new SuiteError(
      `Suite "${suite}" is written by others and does not say what its programs check. 'ringtrial suite ${suite}' lists them.`,
    );
  print(explain(all, width()));
}

function width(): number {
  const columns = process.stdout.columns ?? Number(process.env['COLUMNS']);
  return columns >= 40 ? columns : usualWidth;
}

async function printPolicy(suite: string, kernel: string | undefined, json: boolean): Promise<void> {
  const policy = await policyOf(suite);
  const entries = policy === undefined ? [] : entriesFor(policy, kernel);
  if (json) return printJson({ failuresOfBase: policy?.failuresOfBase ?? 'doubt', entries });
  if (policy?.failuresOfBase === 'known')
    print('What fails on base and patch with the same words is a known failure.\n');
  if (entries.length > 0) print(explainPolicy(entries, width()));
  else if (policy?.failuresOfBase !== 'known')
    print(
      `Suite "${suite}" has no policy${kernel === undefined ? '' : ` for ${kernel}`}: its programs alone say what fails.\n`,
    );
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

async function printPrograms(suite: string, kernel: string | undefined, json: boolean): Promise<void> {
  const programs = await listPrograms(suite, { kernel, signal: interruptible() });
  if (json) return printJson(programs);
  const points = programs.reduce((count, program) => count + program.points.length, 0);
  const rows = programs.flatMap(({ name, summary, points: own }) => [
    [name, summary],
    // A program that is one point by itself has said it all.
    ...own.filter((point) => point.name !== name).map((point) => [`  .${point.name}`, point.what ?? '']),
  ]);
  print(table([counted(programs.length, 'program'), counted(points, 'test point')], rows));
}
