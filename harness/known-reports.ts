import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { RingtrialError } from '../common/errors.ts';
import { inRange, kernelRange } from './policy-range.ts';
import type { Verdict } from './verdict.ts';

/** A file of known reports that cannot be read or is not as it should be. */
export class KnownReportsError extends RingtrialError {
  readonly code = 'KNOWN_REPORTS';
}

const about = {
  /** Why it is accepted. */
  reason: z.string().trim().min(1),
  /** Where it is followed up: a thread, a bug. */
  link: z.url({ protocol: /^https?$/ }),
  /** The last day (UTC) on which it is accepted. */
  expires: z.iso.date(),
  /** The kernels that it is accepted on; all of them where it is left out. The base's version counts. */
  kernels: kernelRange.optional(),
};

const entry = z.union([
  z.strictObject({ signature: z.string().trim().min(1), ...about }),
  z.strictObject({ title: z.string().trim().min(1), ...about }),
]);

/**
 * A file of reports that are accepted on a base, though they may show on a candidate alone. Each entry names one
 * report, by its signature or its whole title; there are no patterns, for one that is too wide hides what it should not.
 */
const knownReportsSchema = z.strictObject({
  reports: z.array(entry),
});

export type KnownReport = z.infer<typeof entry>;

/**
 * Reads a file of known reports.
 *
 * @throws KnownReportsError that names every fault
 */
export async function loadKnownReports(file: string): Promise<readonly KnownReport[]> {
  const fault = (what: string, cause?: unknown): KnownReportsError =>
    new KnownReportsError(`${file} is no file of known reports:${what}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fault(` ${(error as Error).message}`, error);
  }
  const parsed = knownReportsSchema.safeParse(json);
  if (!parsed.success) throw fault(`\n${z.prettifyError(parsed.error)}`);
  const names = parsed.data.reports.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw fault(` "${twice}" stands in it twice.`);
  return parsed.data.reports;
}

const nameOf = (known: KnownReport): string => ('title' in known ? known.title : known.signature);

/** Which reports are accepted, on one day and one kernel. */
export class KnownReports {
  readonly #entries: readonly KnownReport[];
  readonly #today: string;
  readonly #kernel: string;

  /** @param kernel the base's version */
  constructor(
    entries: readonly KnownReport[],
    { day, kernel }: { readonly day: Date; readonly kernel: string },
  ) {
    this.#entries = entries;
    this.#today = day.toISOString().slice(0, 10);
    this.#kernel = kernel;
  }

  /** The entry that accepts a report. */
  find(report: { readonly signature: string; readonly title: string }): KnownReport | undefined {
    return this.#entries.find((known) => this.#state(known) === undefined && names(known, report));
  }

  /** What became of each entry. */
  account(reports: Verdict['reports']): NonNullable<Verdict['knownReports']> {
    return this.#entries.map((known) => {
      const { reason, link, expires } = known;
      const seen = reports
        .filter((report) => names(known, report))
        .reduce((sum, { base, candidate }) => sum + base + candidate, 0);
      const state = this.#state(known) ?? (seen > 0 ? 'seen' : 'not seen');
      return { name: nameOf(known), reason, link, expires, state, seen };
    });
  }

  #state({ expires, kernels }: KnownReport): 'expired' | 'other kernel' | undefined {
    if (expires < this.#today) return 'expired';
    return kernels === undefined || inRange(kernels, this.#kernel) ? undefined : 'other kernel';
  }
}

const names = (
  known: KnownReport,
  report: { readonly signature: string; readonly title: string },
): boolean => ('title' in known ? known.title === report.title : known.signature === report.signature);
