import { Collection } from '../triage/collection.ts';
import { reportDocument } from '../triage/document.ts';
import { scanLog } from '../triage/scan.ts';
import type { ReportDocument, TriageDocument } from '../triage/schema.ts';
import { fileSource, type LogSource, streamSource } from '../triage/source.ts';

/** A kernel log: its text, its bytes, a stream of them (packed with gzip or zstd as well), or a file's name. */
export type LogInput = string | Uint8Array | AsyncIterable<Uint8Array> | { readonly file: string };

export interface TriageOptions {
  /** What the document calls the log; by default the file's name, or `-`. */
  readonly name?: string | undefined;
  /** Whether to say what syzkaller would call a report. */
  readonly titles?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds and explains every report (lockdep, RCU, KASAN, hung task, WARN and the like) in a kernel log, as
 * `ringtrial triage --json` does. Reports stand in the order of the log; text of the log is as it was printed, so
 * whoever shows it must see to escape sequences.
 *
 *     const { reports } = await triage({ file: 'console.log' });
 *     for (const { title, explanation } of reports) console.log(title, explanation);
 *
 * @returns a document of the schema `ringtrial.triage/1` (`triageSchema`)
 * @throws RingtrialError (`LOG_UNREADABLE`, `NOT_A_LOG`) when it cannot be read, and the signal's reason when aborted
 */
export async function triage(
  input: LogInput,
  { name, titles = false, signal }: TriageOptions = {},
): Promise<TriageDocument> {
  const source = await sourceOf(input);
  const collection = new Collection();
  const reports: ReportDocument[] = [];
  const { bytes, lines, notices } = await scanLog(source, {
    signal,
    onReport(found) {
      collection.count(found.report);
      reports.push(reportDocument(found, { titles }));
    },
  });
  const { counts } = collection;
  const file = name ?? source.name;
  return { schema: 'ringtrial.triage/1', file, reports, bytes, lines, counts, notices };
}

async function sourceOf(input: LogInput): Promise<LogSource> {
  if (typeof input === 'string') return streamSource('-', once(Buffer.from(input)));
  if (input instanceof Uint8Array) return streamSource('-', once(input));
  return 'file' in input ? await fileSource(input.file) : streamSource('-', input);
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
