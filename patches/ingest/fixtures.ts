import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Workshop } from '../fixtures.ts';
import { type IngestOptions, ingest } from './ingest.ts';
import type { Report } from './report.ts';

/** A small diff of a kernel file that adds `line`; `at` makes hunks of one file differ. */
export const diffAdding = (line: string, file = 'io_uring/rw.c', at = 10): string =>
  [
    `diff --git a/${file} b/${file}`,
    'index 1111111..2222222 100644',
    `--- a/${file}`,
    `+++ b/${file}`,
    `@@ -${at},3 +${at},4 @@ int f(void)`,
    ' \tone();',
    `+\t${line}`,
    ' \ttwo();',
    ' \tthree();',
    '',
  ].join('\n');

export interface MailParts {
  readonly subject: string;
  readonly body: string;
  readonly id?: string;
  readonly answers?: string;
  readonly from?: string;
  /** Minutes after a fixed time. */
  readonly minute?: number;
  readonly head?: string;
}

/** A raw mail. */
export function mail(parts: MailParts): string {
  const date = new Date(Date.UTC(2024, 0, 2, 3, parts.minute ?? 0));
  return [
    `From: ${parts.from ?? 'A Author <a@example.org>'}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Subject: ${parts.subject}`,
    ...(parts.id === undefined ? [] : [`Message-ID: <${parts.id}>`]),
    ...(parts.answers === undefined ? [] : [`In-Reply-To: <${parts.answers}>`]),
    ...(parts.head === undefined ? [] : [parts.head]),
    '',
    parts.body,
  ].join('\n');
}

export const mbox = (mails: readonly string[]): string =>
  mails.map((text) => `From a@example.org Tue Jan  2 03:00:00 2024\n${text}\n`).join('');

/** The mails of a series as git send-email makes them; each patch adds another line. */
export function seriesMails(
  version: number,
  total: number,
  options: { cover?: string; answers?: string } = {},
): string[] {
  const tag = version > 1 ? `PATCH v${version}` : 'PATCH';
  const root = `v${version}.0@example.org`;
  const patches = Array.from({ length: total }, (_, i) =>
    mail({
      subject: `[${tag} ${i + 1}/${total}] io_uring: step ${i + 1}`,
      id: `v${version}.${i + 1}@example.org`,
      answers: root,
      minute: version * 100 + i + 1,
      body: `Why step ${i + 1}.\n\nSigned-off-by: A Author <a@example.org>\n---\n${diffAdding(`v${version}_${i + 1}();`, 'io_uring/rw.c', 10 * (i + 1))}-- \n2.39\n`,
    }),
  );
  const cover = mail({
    subject: `[${tag} 0/${total}] io_uring: all the steps`,
    id: root,
    ...(options.answers === undefined ? {} : { answers: options.answers }),
    minute: version * 100,
    body: options.cover ?? 'What it is about.\n\n-- \n2.39\n',
  });
  return [cover, ...patches];
}

/** Ingests the sources, files below the workshop, into `out` there. */
export const take = (
  shop: Workshop,
  sources: readonly string[],
  more: Partial<IngestOptions> = {},
): Promise<Report> =>
  ingest({
    sources: sources.map((source) => path.join(shop.dir, source)),
    out: path.join(shop.dir, 'out'),
    ...more,
  });

/** A file of a candidate that was written. */
export const written = (shop: Workshop, candidate: string, file: string): Promise<string> =>
  readFile(path.join(shop.dir, 'out', candidate, file), 'utf8');

/** Each candidate's name and how many patches it has. */
export const names = ({ candidates }: Report): Record<string, number> =>
  Object.fromEntries(candidates.map(({ name, file }) => [name, file.patches.length]));
