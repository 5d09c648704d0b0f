import type { KernelReport } from '../klog/index.ts';
import type { Annotator } from './annotator.ts';
import { type Attribution, attributor, type Suspect } from './attribute.ts';
import { Collection } from './collection.ts';
import { DocumentWriter, groupsDocument, reportDocument, type Write } from './document.ts';
import { lockGraphDot } from './graph.ts';
import { renderPage, type TriagedLog } from './html.ts';
import { type Found, type LogFacts, scanLog } from './scan.ts';
import { Sorter } from './sorter.ts';
import type { LogSource } from './source.ts';
import { renderGroups, renderLog, type TerminalOptions } from './terminal.ts';

export interface TriageJob {
  readonly sources: readonly LogSource[];
  /** What reports are attributed to, if anything. */
  readonly suspect?: Suspect | undefined;
  /** Adds source lines to reports. */
  readonly annotator?: Pick<Annotator, 'annotate' | 'problems'> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Show every line of a report. */
  readonly full: boolean;
  /** Say what syzkaller would call a report. */
  readonly titles: boolean;
  readonly write: Write;
  /** What `write` writes to, for its width and colours. */
  readonly stream: NodeJS.WriteStream;
}

/** One way to show what logs hold. Gives whether there was a bug or a warning. */
export type Mode = (job: TriageJob) => Promise<boolean>;

/** Reads one log; each report goes to `onReport` with what was found out about it. */
export async function readReports(
  job: TriageJob,
  source: LogSource,
  onReport: (found: Found) => void | Promise<void>,
): Promise<LogFacts> {
  const facts = await scanLog(source, {
    signal: job.signal,
    onReport: async ({ report, line }) =>
      onReport({ report: (await job.annotator?.annotate(report)) ?? report, line }),
  });
  return { ...facts, notices: [...facts.notices, ...(job.annotator?.problems ?? [])] };
}

export const serious = (collection: Collection): boolean =>
  collection.counts.bug + collection.counts.warning > 0;

async function collect(job: TriageJob, source: LogSource): Promise<TriagedLog> {
  const collection = new Collection();
  const facts = await readReports(job, source, (found) => void collection.add(found, source.name));
  return { facts, collection };
}

/** Attributions of the reports of one log, asked for in any order. */
function attributions(
  job: TriageJob,
  collection: Collection,
): ((report: KernelReport) => Attribution | undefined) | undefined {
  if (job.suspect === undefined) return undefined;
  const ask = attributor(job.suspect);
  const known = new Map(collection.entries.map(({ report }) => [report, ask(report)]));
  return (report) => known.get(report);
}

export const screenOptions = (job: TriageJob, collection: Collection): TerminalOptions => ({
  stream: job.stream,
  full: job.full,
  titles: job.titles,
  attribution: attributions(job, collection),
});

/** Each log for people, as soon as it is read. */
export const terminalMode: Mode = async (job) => {
  let found = false;
  for (const [index, source] of job.sources.entries()) {
    const { facts, collection } = await collect(job, source);
    await job.write(
      `${index > 0 ? '\n' : ''}${renderLog(facts, collection, screenOptions(job, collection))}`,
    );
    found ||= serious(collection);
  }
  return found;
};

/** One `ringtrial.triage/1` document a log, each on a line of its own. */
export const jsonMode: Mode = async (job) => {
  let found = false;
  for (const source of job.sources) {
    const collection = new Collection();
    const writer = await DocumentWriter.begin(source.name, job.write);
    const sorter = new Sorter();
    const ask = job.suspect && attributor(job.suspect);
    const say = async (due: readonly Found[]): Promise<void> => {
      for (const one of due) await writer.report(reportDocument(one, job, ask?.(one.report)));
    };
    const facts = await readReports(job, source, async (one) => {
      collection.count(one.report);
      await say(sorter.push(one));
    });
    await say(sorter.end());
    await writer.end(facts, collection.counts);
    found ||= serious(collection);
  }
  return found;
};

/** All logs on one HTML page. */
export const htmlMode: Mode = async (job) => {
  const logs: TriagedLog[] = [];
  for (const source of job.sources) logs.push(await collect(job, source));
  const all = logs.map(({ collection }) => attributions(job, collection));
  const attribution =
    job.suspect &&
    ((report: KernelReport) => all.map((ask) => ask?.(report)).find((one) => one !== undefined));
  await job.write(await renderPage(logs, { titles: job.titles, attribution }));
  return logs.some(({ collection }) => serious(collection));
};

/** The lock orders of every report that has some, one DOT graph after the other. */
export const dotMode: Mode = async (job) => {
  let [found, number] = [false, 0];
  for (const source of job.sources) {
    const { collection } = await collect(job, source);
    for (const { report } of collection.entries) {
      const dot = lockGraphDot(report, `locks${number + 1}`);
      if (dot !== undefined) number++;
      await job.write(dot ?? '');
    }
    found ||= serious(collection);
  }
  return found;
};

/** Equal reports of all logs together. */
async function gather(job: TriageJob): Promise<Collection> {
  const collection = new Collection();
  for (const source of job.sources)
    await readReports(job, source, (found) => void collection.add(found, source.name));
  return collection;
}

export const groupMode: Mode = async (job) => {
  const collection = await gather(job);
  await job.write(renderGroups(collection, job.sources.length, screenOptions(job, collection)));
  return serious(collection);
};

export const groupJsonMode: Mode = async (job) => {
  const collection = await gather(job);
  await job.write(`${JSON.stringify(groupsDocument(collection, job.sources.length, job))}\n`);
  return serious(collection);
};
