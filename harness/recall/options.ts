import path from 'node:path';
import type { EvaluateOptions } from '../trial.ts';
import type { MutantRow } from './schema.ts';

export type RecallOptions = Pick<
  EvaluateOptions,
  'suite' | 'only' | 'accel' | 'machine' | 'jobs' | 'onEvent' | 'signal'
> & {
  /** Names of mutants; by default all that come with Ringtrial. */
  readonly names?: readonly string[] | undefined;
  /** How often the suite runs on a mutant that it does not catch. */
  readonly repeat: number;
  /** How often it runs on each base, where it must not speak. */
  readonly baseRepeat: number;
  /** Gets one run directory for each base and each mutant, and recall.json; must not exist. */
  readonly out: string;
  readonly onRow?: ((row: MutantRow) => void) | undefined;
};

/** Where a mutant's or a base's evidence goes. */
export const runDirectoryOf = (out: string, name: string): string =>
  path.join(out, name.replaceAll(/[^\w.-]+/g, '-'));
