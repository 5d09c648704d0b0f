import { explain } from '../klog/index.ts';
import type { Attribution } from './attribute.ts';
import type { Collection, Counts } from './collection.ts';
import type { Found, LogFacts } from './scan.ts';
import type { GroupsDocument, ReportDocument, TriageDocument } from './schema.ts';

export interface DocumentOptions {
  /** Whether to say what syzkaller would call a report. */
  readonly titles: boolean;
}

/** A report as it goes into JSON. */
export function reportDocument(
  { report, line }: Found,
  { titles: wanted }: DocumentOptions,
  attribution?: Attribution,
): ReportDocument {
  const { kind, title, severity, signature, titles, ...rest } = report;
  return {
    kind,
    title,
    severity,
    signature,
    line: line ?? null,
    ...rest,
    explanation: explain(report),
    ...(wanted && titles !== undefined ? { titles } : {}),
    ...(attribution === undefined ? {} : { attribution }),
  };
}

/** A writer that is waited for, so that a slow reader does not fill this process's memory. */
export type Write = (text: string) => Promise<void>;

/** Writes a `ringtrial.triage/1` document on one line, report by report: its reports are never all in memory. */
export class DocumentWriter {
  readonly #write: Write;
  #reports = 0;

  private constructor(write: Write) {
    this.#write = write;
  }

  static async begin(file: string, write: Write): Promise<DocumentWriter> {
    await write(`{"schema":"ringtrial.triage/1","file":${JSON.stringify(file)},"reports":[`);
    return new DocumentWriter(write);
  }

  async report(document: ReportDocument): Promise<void> {
    await this.#write(`${this.#reports++ > 0 ? ',' : ''}${JSON.stringify(document)}`);
  }

  async end({ bytes, lines, notices }: LogFacts, counts: Counts): Promise<void> {
    const rest: Omit<TriageDocument, 'schema' | 'file' | 'reports'> = { bytes, lines, counts, notices };
    await this.#write(`],${JSON.stringify(rest).slice(1)}\n`);
  }
}

/** All signatures with how often they came, the most frequent first. */
export function groupsDocument(
  collection: Collection,
  files: number,
  { titles: wanted }: DocumentOptions,
): GroupsDocument {
  return {
    schema: 'ringtrial.triage-groups/1',
    files,
    counts: collection.counts,
    groups: collection.entries
      .toSorted((a, b) => b.count - a.count)
      .map(({ report, count, files: inFiles, places }) => ({
        signature: report.signature,
        kind: report.kind,
        title: report.title,
        severity: report.severity,
        count,
        files: inFiles,
        places: places.map(({ file, line, start }) => ({ file, line: line ?? null, start })),
        ...(wanted && report.titles !== undefined ? { titles: report.titles } : {}),
      })),
    left: collection.left,
  };
}
