import { ZodError } from 'zod';
import type { Kernel } from '../../vm/kernel/index.ts';
import type { Guest } from '../../vm/qemu/guest.ts';
import type { Suite } from '../suite.ts';
import type { FilePair } from '../triage/changes.ts';
import { filePairs } from '../triage/suspect.ts';
import type { Prepared } from '../trial.ts';
import { changedCode, coverChanges } from './changed-lines.ts';
import { CountersError, runGcov, takeCounters } from './gcov.ts';
import { type LineCounts, lineCounts } from './lines.ts';
import type { LineCoverage } from './schema.ts';

/** What each program made a kernel execute of the lines that a patch changes, added up over its repetitions. */
export class CounterBook {
  readonly #files: readonly FilePair[];
  readonly #notes: string;
  readonly #trial: Pick<Prepared, 'emit' | 'options'>;
  readonly #counts = new Map<string, LineCounts>();

  private constructor(files: readonly FilePair[], notes: string, trial: Pick<Prepared, 'emit' | 'options'>) {
    this.#files = files;
    this.#notes = notes;
    this.#trial = trial;
  }

  /** An empty book for the candidate of a trial. @param kernel the candidate's, built with profile `coverage` */
  static async open(prepared: Prepared, { notes }: Pick<Kernel, 'notes'>): Promise<CounterBook> {
    const files = await filePairs(prepared.tree.dir, prepared.applied.changes);
    return new CounterBook(files, notes, prepared);
  }

  /**
   * Takes down what a program ran (`AfterProgram`). A program whose counters are lost may have run anything: it stays
   * without counts, and the others go on.
   */
  readonly take = async (guest: Guest, { name }: { readonly name: string }): Promise<void> => {
    const { signal } = this.#trial.options;
    const changed = this.#files.map(({ path }) => path);
    try {
      const documents = await runGcov(this.#notes, await takeCounters(guest, signal), signal);
      this.#counts.set(name, lineCounts(documents, changed, this.#counts.get(name)));
    } catch (error) {
      if (!(error instanceof CountersError || error instanceof ZodError || error instanceof SyntaxError))
        throw error;
      this.#trial.emit({ type: 'notice', message: `what ${name} ran is not known: ${error.message}` });
    }
  };

  /** What is known now of the lines that the patch brings. */
  lines({ programs }: Pick<Suite, 'programs'>): LineCoverage {
    const files = coverChanges(this.#files, this.#counts);
    const code = changedCode(files);
    const counted = new Set([...this.#counts.values()].flatMap((counts) => [...counts.keys()]));
    const isUncounted = ({ path }: { readonly path: string }): boolean =>
      path.endsWith('.c') && !counted.has(path);
    return {
      changed: code.length,
      neverRun: code.flatMap(({ path, line, text, count }) =>
        count === 0 && line !== null ? [{ path, line, text }] : [],
      ),
      unknown: programs.map(({ name }) => name).filter((name) => !this.#counts.has(name)),
      uncounted: this.#counts.size === 0 ? [] : files.filter(isUncounted).map(({ path }) => path),
      files,
    };
  }
}
