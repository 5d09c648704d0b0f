import type { Coverage } from '../coverage/schema.ts';
import { type Html, html, page } from '../triage/html-text.ts';
import { style } from '../triage/style.ts';

type Line = Coverage['files'][number]['hunks'][number]['lines'][number];

const lineStyle = `
.line { white-space: pre; display: grid; grid-template-columns: 6rem 1fr; gap: 1rem }
.line > :first-child { text-align: right; color: var(--dim) }
.ran { color: var(--good) } .never { color: var(--bug); font-weight: 600 } .gone { color: var(--dim); text-decoration: line-through }
`;

/** The annotated patch as one HTML page that needs nothing else. */
export const renderCoveragePage = (coverage: Coverage): string =>
  page(
    `${coverage.candidate}: which lines ran`,
    style + lineStyle,
    html`<h1>${coverage.candidate} <span class="badge ${coverage.neverRun.length > 0 ? 'warning' : 'good'}">${coverage.summary}</span></h1>
<p class="facts">suite ${coverage.suite} on ${coverage.tree}</p>
${coverage.unknown.length > 0 ? html`<p class="notice">Nobody knows what these ran: ${coverage.unknown.join(', ')}</p>` : undefined}
${coverage.files.map(
  ({ path, hunks }) => html`<article><h2>${path}</h2>
<pre>${hunks.map(({ heading, lines }) => [html`<div class="line"><span></span><span>${heading}</span></div>`, ...lines.map(lineOf)])}</pre>
</article>
`,
)}`,
  );

function lineOf({ sign, text, count, programs }: Line): Html {
  const mark = sign === '+' ? (count === null ? '-' : count === 0 ? 'never' : String(count)) : '';
  const kind = sign === '-' ? 'gone' : sign === '+' && count !== null ? (count === 0 ? 'never' : 'ran') : '';
  return html`<div class="line" title="${programs.join(', ')}"><span>${mark}</span><span class="${kind}">${sign}${text}</span></div>`;
}
