import type { KernelReport } from '../klog/index.ts';
import type { Attribution } from './attribute.ts';
import type { Collection, Entry } from './collection.ts';
import { fold } from './fold.ts';
import { Html, html, page } from './html-text.ts';
import type { LogFacts } from './scan.ts';
import { style } from './style.ts';
import { lockGraphSvg } from './svg.ts';
import { causeWords, countWords, placeWords, sentences, sizeWords } from './words.ts';

/** One log with what was found in it. */
export interface TriagedLog {
  readonly facts: LogFacts;
  readonly collection: Collection;
}

export interface PageOptions {
  readonly titles: boolean;
  readonly attribution?: ((report: KernelReport) => Attribution | undefined) | undefined;
}

/**
 * All logs as one HTML page that needs nothing else: no script, no network (its policy forbids both), light or dark
 * as the reader's system is. Whatever a log holds is shown as text.
 */
export async function renderPage(logs: readonly TriagedLog[], options: PageOptions): Promise<string> {
  const sections: Html[] = [];
  for (const [index, log] of logs.entries()) sections.push(await logSection(log, `log${index + 1}`, options));
  const title =
    logs.length === 1 ? `${logs[0]?.facts.name}: kernel reports` : `Kernel reports of ${logs.length} logs`;
  return page(title, style, html`${sections}`);
}

async function logSection(log: TriagedLog, id: string, options: PageOptions): Promise<Html> {
  const { facts, collection } = log;
  const { entries, counts, left } = collection;
  const reports: Html[] = [];
  for (const [index, entry] of entries.entries())
    reports.push(await reportSection(entry, { id: `${id}-${index + 1}`, number: index + 1, ...options }));
  const worst = counts.bug > 0 ? 'bug' : counts.warning > 0 ? 'warning' : 'good';
  return html`<section id="${id}">
<h1>${facts.name} <span class="badge ${worst}">${countWords(counts)}</span></h1>
<p class="facts">${sizeWords(facts.bytes)}, ${facts.lines} lines</p>
${facts.notices.map((notice) => html`<p class="notice">${notice}</p>\n`)}
${left > 0 ? html`<p class="notice">${left} more reports of other kinds are not shown.</p>` : undefined}
${entries.length > 1 ? summaryTable(entries, id, options) : undefined}
${reports}
</section>
`;
}

const summaryTable = (
  entries: readonly Entry[],
  id: string,
  { attribution }: PageOptions,
): Html => html`<table>
<thead><tr><th>#</th><th>severity</th><th>count</th><th>time</th><th>line</th>${attribution && html`<th>patch</th>`}<th>report</th></tr></thead>
<tbody>
${entries.map(
  (
    { report, count, places },
    index,
  ) => html`<tr><td>${index + 1}</td><td><span class="badge ${report.severity}">${report.severity}</span></td>
<td>${count > 1 ? `${count}×` : ''}</td><td>${timeOf(report)}</td><td>${places[0]?.line}</td>${attribution && html`<td>${attribution(report)?.cause}</td>`}
<td><a href="#${id}-${index + 1}">${report.title}</a></td></tr>
`,
)}</tbody>
</table>
`;

const timeOf = ({ timestamp }: KernelReport): string =>
  timestamp === undefined ? '' : `${timestamp.toFixed(3)} s`;

interface Shown extends PageOptions {
  readonly id: string;
  readonly number: number;
}

async function reportSection(entry: Entry, { id, number, titles, attribution }: Shown): Promise<Html> {
  const { report, count, places } = entry;
  const svg = await lockGraphSvg(report, `graph_${id.replaceAll('-', '_')}`);
  return html`<article id="${id}" class="${report.severity}">
<h2><span class="badge ${report.severity}">${number} ${report.severity}</span> ${report.title}</h2>
${factList(report, places.map(placeWords), count)}
<ul class="explanation">${sentences(report).map((sentence) => html`<li>${sentence}</li>\n`)}</ul>
${causeParagraph(attribution?.(report))}
${titles ? titleParagraph(report) : undefined}
${svg && html`<figure>${new Html(svg)}<figcaption>An arrow leads from the lock that was held to the lock that was taken.</figcaption></figure>`}
<pre>${foldedText(report)}</pre>
</article>
`;
}

function factList(report: KernelReport, places: readonly string[], count: number): Html {
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ['kind', report.kind],
    ['where', places[0]],
    ['again', count > 1 ? `${places.slice(1, 6).join(', ')}${count > 6 ? ', …' : ''}` : undefined],
    ['time', timeOf(report) || undefined],
    ['CPU', report.cpu],
    ['task', report.task && `${report.task.comm}/${report.task.pid}`],
    ['context', report.context],
    ['kernel', report.release],
    ['taint', report.taint],
    ['signature', report.signature],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  return html`<dl>${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const causeParagraph = (found: Attribution | undefined): Html | undefined =>
  found &&
  html`<div class="cause ${found.cause}"><p><strong>${causeWords(found.cause)}</strong> (${found.score.toFixed(2)}): ${found.reason}</p>
<ul>${found.evidence.filter(({ text }) => text !== found.reason).map(({ text }) => html`<li>${text}</li>`)}</ul></div>`;

const titleParagraph = ({ titles }: KernelReport): Html =>
  html`<p class="titles">syzkaller: ${titles === undefined ? 'no title' : html`<code>${titles.title}</code>`}${titles?.alt.map((alt) => html`, also <code>${alt}</code>`)}</p>`;

function foldedText(report: KernelReport): Html[] {
  return fold(report.text).map((part) =>
    part.type === 'line'
      ? html`${part.text}\n`
      : html`<details><summary>${part.lines.length} ${part.lines.length === 1 ? 'line' : 'lines'}: ${part.what}</summary>${part.lines.join('\n')}</details>`,
  );
}
