import { styled } from '../output/screen.ts';
import { attributor } from './attribute.ts';
import { Collection } from './collection.ts';
import { reportDocument } from './document.ts';
import { type Mode, readReports, screenOptions, serious } from './modes.ts';
import { safeLine } from './safe.ts';
import { renderEntry } from './terminal.ts';
import { countWords, placeWords } from './words.ts';

/** Shows each report of growing logs when it is complete; one that was shown before only as a line. */
export const followMode: Mode = async (job) => {
  const collection = new Collection();
  const ask = job.suspect && attributor(job.suspect);
  const options = { ...screenOptions({ ...job, suspect: undefined }, collection), attribution: ask };
  let shown = 0;
  for (const source of job.sources) {
    const facts = await readReports(job, source, async (found) => {
      const entry = collection.add(found, source.name);
      if (entry === undefined) return;
      const again = `${styled('dim', 'again', job.stream)}  ${safeLine(found.report.title)}, ${entry.count} times by now, ${placeWords({ file: source.name, line: found.line, start: found.report.start })}\n`;
      await job.write(entry.count > 1 ? again : `${renderEntry(entry, ++shown, options)}\n`);
    });
    for (const notice of facts.notices) await job.write(`note: ${safeLine(notice)}\n`);
  }
  await job.write(`${countWords(collection.counts)}\n`);
  return serious(collection);
};

/** The same for programs: one line of JSON a report, with the log's name in front. */
export const followJsonMode: Mode = async (job) => {
  const collection = new Collection();
  const ask = job.suspect && attributor(job.suspect);
  for (const source of job.sources)
    await readReports(job, source, async (found) => {
      collection.count(found.report);
      const document = reportDocument(found, job, ask?.(found.report));
      await job.write(
        `${JSON.stringify({ schema: 'ringtrial.triage-report/1', file: source.name, ...document })}\n`,
      );
    });
  return serious(collection);
};
