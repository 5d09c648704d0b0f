import type { KernelReport } from '../klog/index.ts';
import type { Resolver, SymbolRef } from './symbolize.ts';
import { type Resolution, refKey, symbolized } from './symbolize.ts';

/** Problems that are told one by one; more of them are counted. */
const MAX_PROBLEMS = 5;

/** Adds source lines to reports, and remembers what was asked and what could not be answered. */
export class Annotator {
  readonly #resolver: Resolver;
  readonly #known = new Map<string, Resolution>();
  readonly #problems = new Set<string>();

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  annotate = async (report: KernelReport): Promise<KernelReport> => {
    const found = await symbolized(report, {
      prepare: async (refs) => this.#resolver.prepare?.(refs.filter((ref) => !this.#known.has(refKey(ref)))),
      resolve: (ref) => this.#resolve(ref),
    });
    for (const problem of found.problems) this.#problems.add(problem);
    return found.report;
  };

  async #resolve(ref: SymbolRef): Promise<Resolution> {
    const known = this.#known.get(refKey(ref));
    if (known !== undefined) return known;
    const found = await this.#resolver.resolve(ref);
    this.#known.set(refKey(ref), found);
    return found;
  }

  /** What has no source line, and why. */
  get problems(): string[] {
    const all = [...this.#problems];
    const more = all.length - MAX_PROBLEMS;
    return [
      ...all.slice(0, MAX_PROBLEMS).map((problem) => `No source line: ${problem}`),
      ...(more > 0 ? [`No source line for ${more} more function${more === 1 ? '' : 's'}.`] : []),
    ];
  }
}
