import type { Coverage } from '../coverage/schema.ts';
import { lineRows, placeOf, programRows } from '../coverage/tables.ts';
import { type Html, html, page } from '../triage/html-text.ts';
import { style } from '../triage/style.ts';

type Line = Coverage['files'][number]['hunks'][number]['lines'][number];

const lineStyle = `
.line { white-space: pre; display: grid; grid-template-columns: 6rem 1fr; gap: 1rem }
.line > :first-child { text-align: right; color: var(--dim) }
.ran { color: var(--good) } .never { color: var(--bug); font-weight: 600 } .gone { color: var(--dim); text-decoration: line-through }
`;

/** Which programs ran which lines, and the annotated patch, as one HTML page that needs nothing else. */
export const renderCoveragePage = (coverage: Coverage): string =>
  page(
    `${coverage.candidate}: which lines ran`,
    style + lineStyle,
    html`<h1>${coverage.candidate} <span class="badge ${coverage.neverRun.length > 0 ? 'warning' : 'good'}">${coverage.summary}</span></h1>
<p class="facts">suite ${coverage.suite} on ${coverage.tree}</p>
${coverage.unknown.length > 0 ? html`<p class="notice">Nobody knows what these ran: ${coverage.unknown.join(', ')}</p>` : undefined}
${tables(coverage)}
${coverage.files.map(
  ({ path, hunks }) => html`<article><h2>${path}</h2>
<pre>${hunks.map(({ heading, lines }) => [html`<div class="line"><span></span><span>${heading}</span></div>`, ...lines.map(lineOf)])}</pre>
</article>
`,
)}`,
  );

/** Which programs ran which changed lines, and how much of the patch each of them ran. */
const tables = (coverage: Coverage): Html => html`<h2>Changed lines</h2>
<table><thead><tr><th scope="col">lines</th><th scope="col">run by</th></tr></thead>
<tbody>${lineRows(coverage).map(
  (row) =>
    html`<tr><td>${placeOf(row)}</td><td>${row.programs.length === 0 ? html`<span class="never">none</span>` : row.programs.join(', ')}</td></tr>
`,
)}</tbody></table>
<h2>Programs</h2>
<table><thead><tr><th scope="col">program</th><th scope="col">changed lines run</th><th scope="col">by it alone</th></tr></thead>
<tbody>${programRows(coverage).map(
  ({ program, lines, alone }) =>
    html`<tr><td>${program}</td><td>${lines} of ${coverage.changed}</td><td>${alone}</td></tr>
`,
)}</tbody></table>
`;

function lineOf({ sign, text, count, programs }: Line): Html {
  const mark = sign === '+' ? (count === null ? '-' : count === 0 ? 'never' : String(count)) : '';
  const kind = sign === '-' ? 'gone' : sign === '+' && count !== null ? (count === 0 ? 'never' : 'ran') : '';
  return html`<div class="line" title="${programs.join(', ')}"><span>${mark}</span><span class="${kind}">${sign}${text}</span></div>`;
}
