import { loadPolicy } from '../policy-load.ts';
import type { Policy } from '../policy-schema.ts';
import { askProgram } from './ask.ts';
import { type Explanation, explanationOf, pointSentences } from './explain.ts';
import { loadSuite } from './load.ts';
import { findSuite, suiteNames } from './locate.ts';

/** A suite that comes with Ringtrial, as a list shows it. */
export interface ListedSuite {
  /** As `--suite` takes it. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** How many programs it has; null where that depends on the kernel. */
  readonly programs: number | null;
}

/** A program with its test points. */
export interface ListedProgram {
  readonly name: string;
  readonly summary: string;
  /** In the order in which they run; what each is about, where the program says so. */
  readonly points: readonly { readonly name: string; readonly what: string | null }[];
}

/** All suites that come with Ringtrial, and the parts of external ones. */
export async function listSuites(): Promise<ListedSuite[]> {
  const suites = await Promise.all((await suiteNames()).map((name) => findSuite(name)));
  return suites.flatMap((found): ListedSuite[] => {
    const { title, description } = found.description;
    if (found.kind === 'programs')
      return [{ name: found.name, title, description, programs: found.description.programs.length }];
    const groups = Object.keys(found.description.external.groups);
    return [
      { name: found.name, title, description, programs: null },
      ...groups.map((group) => ({
        name: `${found.name}:${group}`,
        title: `${title}, part ${group}`,
        description,
        programs: null,
      })),
    ];
  });
}

/** What each program of a suite is for. External suites do not say. */
export async function explanations(wanted: string): Promise<Explanation[]> {
  const found = await findSuite(wanted);
  return found.kind === 'programs' ? found.description.programs.map(explanationOf) : [];
}

/** A suite's policy, where it has one. */
export const policyOf = async (wanted: string): Promise<Policy | undefined> =>
  await loadPolicy((await findSuite(wanted)).directory);

/** A suite's programs and their points; they are compiled for it. */
export async function listPrograms(
  wanted: string,
  options: { readonly kernel?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<ListedProgram[]> {
  const { signal, kernel } = options;
  const suite = await loadSuite(wanted, signal, { kernel });
  const { shipped } = await findSuite(wanted);
  return await Promise.all(
    suite.programs.map(async ({ name, summary, points, protocol, path }) => {
      // Of a program with an exit code nobody knows what it does with an argument.
      const asked = protocol !== 'exit-code';
      const help = asked ? await askProgram(path, '--help', { trusted: shipped, signal }) : undefined;
      const sentences = pointSentences(help ?? '', points);
      return {
        name,
        summary,
        points: points.map((point) => ({ name: point, what: sentences.get(point) ?? null })),
      };
    }),
  );
}
