import type { KernelReport, Severity } from '../klog/index.ts';
import type { Found } from './scan.ts';

/** One of the places at which a report was found. */
export interface Place {
  readonly file: string;
  /** From 1; undefined when unknown. */
  readonly line: number | undefined;
  /** Byte offset of the line that names the report. */
  readonly start: number;
}

/** A report as it was found first, and how often it came again. */
export interface Entry {
  readonly report: KernelReport;
  readonly places: readonly Place[];
  readonly count: number;
  /** Different files it was found in. */
  readonly files: number;
}

export interface Counts {
  readonly bug: number;
  readonly warning: number;
  readonly info: number;
}

/** Different reports that are kept; a log with more of them has none that anybody would read. */
const MAX_ENTRIES = 1000;
/** Places kept of one report. */
const MAX_PLACES = 50;

interface Mutable {
  report: KernelReport;
  places: Place[];
  count: number;
  files: Set<string>;
}

/** Gathers reports by signature, in the order in which they stand in their logs, in bounded memory. */
export class Collection {
  readonly #entries = new Map<string, Mutable>();
  readonly #counts: Record<Severity, number> = { bug: 0, warning: 0, info: 0 };
  #left = 0;

  /** Counts a report without keeping it. One that the console only printed again does not count. */
  count(report: KernelReport): void {
    if (report.replay !== true) this.#counts[report.severity]++;
  }

  /** @returns the report's entry as it is now; undefined when it is not kept */
  add(found: Found, file: string): Entry | undefined {
    const { report, line } = found;
    this.count(report);
    if (report.replay === true) return undefined;
    const entry = this.#keep(report, { file, line, start: report.start });
    return entry && { ...entry, files: entry.files.size };
  }

  #keep(report: KernelReport, place: Place): Mutable | undefined {
    const known = this.#entries.get(report.signature);
    if (known !== undefined) {
      known.count++;
      known.files.add(place.file);
      if (known.places.length < MAX_PLACES) known.places.push(place);
      // The whole one is shown, wherever it stands.
      if (known.report.corrupted !== undefined && report.corrupted === undefined) {
        known.report = report;
        known.places = [place, ...known.places.filter((other) => other !== place)];
      }
      return known;
    }
    if (this.#entries.size >= MAX_ENTRIES) {
      this.#left++;
      return undefined;
    }
    const fresh: Mutable = { report, places: [place], count: 1, files: new Set([place.file]) };
    this.#entries.set(report.signature, fresh);
    return fresh;
  }

  get entries(): readonly Entry[] {
    const all = [...this.#entries.values()].map(({ files, ...entry }) => ({ ...entry, files: files.size }));
    // A report is found when it ends: one that others interrupted is found after them. Files keep their order.
    const order = new Map(
      all.flatMap(({ places }) => places.slice(0, 1)).map(({ file }, index) => [file, index]),
    );
    const rank = ({ places: [place] }: Entry): number => order.get(place?.file ?? '') ?? 0;
    return all.toSorted((a, b) => rank(a) - rank(b) || (a.places[0]?.start ?? 0) - (b.places[0]?.start ?? 0));
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** Reports that were counted only, because there were too many different ones. */
  get left(): number {
    return this.#left;
  }
}
