import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { Html, html } from '../../triage/html-text.ts';
import { palette } from '../../triage/style.ts';
import type { PageContent } from './collect.ts';

const deflate = promisify(deflateRaw);

/** Where the built app gets its title and its data. */
export const marks = { head: '<!--head-->', data: '<!--data-->' } as const;

/**
 * Puts a run's data into the built app. Each block is JSON, deflated (RFC 1951) and in base64, so that no text of a guest
 * can end a script. The policy lets only the app's own script run, by its hash, and nothing be fetched.
 */
export async function assemblePage(app: string, { index, trials, reports }: PageContent): Promise<string> {
  const blocks = [
    block('index', index),
    ...trials.map((trial, number) => block(`trial-${number}`, trial)),
    ...reports.map((report, number) => block(`report-${number}`, report)),
  ];
  const data = (await Promise.all(blocks)).join('\n');
  const head = html`<meta http-equiv="Content-Security-Policy" content="${policyFor(app)}">
<title>${index.name}: ${index.summary}</title>
<style>${new Html(palette)}</style>`.text;
  // A function, because `$` has a meaning in a text.
  return app.replace(marks.head, () => head).replace(marks.data, () => data);
}

const block = async (id: string, content: unknown): Promise<string> =>
  `<script type="text/plain" id="${id}">${(await deflate(JSON.stringify(content), { level: 6 })).toString('base64')}</script>`;

/** CSP level 3, "Usage of hash-source": the hash is over the text between the tags. */
function policyFor(app: string): string {
  const scripts = [...app.matchAll(/<script type="module"[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, text = '']) => text,
  );
  const hashes = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return `default-src 'none'; script-src ${hashes.join(' ')}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
}
