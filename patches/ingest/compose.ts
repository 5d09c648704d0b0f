import type { Message } from '../mail/message.ts';
import type { TextPart } from '../mail/mime.ts';
import { decodeCharset, isUtf8 } from '../mail/transfer.ts';
import { printable } from '../printable.ts';
import type { PatchText } from './examine.ts';
import type { FoundDiff } from './found.ts';
import { diffText, type Section } from './sections.ts';

/** A patch as it will lie in a candidate's directory. */
export interface Composed {
  readonly bytes: Uint8Array;
  readonly notes: readonly string[];
}

/** A mail that is one patch: its own text where nothing was put right, its message round the mended diff else. */
export function composeMail(message: Message, patch: PatchText, sections: readonly Section[]): Composed {
  const untouched = patch.diff.damage.length === 0 && sections === patch.diff.sections;
  const body = untouched
    ? message.parts.map(({ text }) => text).join('')
    : patch.before + diffText(sections) + patch.after;
  const recoded = asUtf8(body, message.parts);
  const { author, subject } = message;
  const tag = tagOf(message);
  const head = message.isMail ? header(message, { author, subject: `${tag}${subject.title}` }) : '';
  return finished(head, recoded);
}

/** A diff out of a discussion: the words round it as its message, and who wrote them. */
export function composeDiff(
  message: Message,
  diff: FoundDiff,
  sections: readonly Section[],
  title: string,
): Composed {
  const recoded = asUtf8(`${messageWords(diff.words)}\n\n---\n\n${diffText(sections)}`, message.parts);
  const author = diff.depth === 0 ? message.author : '';
  return finished(header(message, { author, subject: `[PATCH] ${title}` }), recoded);
}

/** Nothing in these words may be taken for a diff. */
const messageWords = (words: string): string => words.replaceAll(/^(diff --git |--- |\+\+\+ |@@ )/gm, ' $1');

interface Recoded {
  readonly body: string;
  readonly from?: string;
}

/** The kernel's sources are UTF-8; what a mailer turned into its own charset is turned back. Bytes as characters. */
function asUtf8(body: string, parts: readonly TextPart[]): Recoded {
  const charset = parts.find((part) => !/^(?:|utf-?8|us-ascii)$/.test(part.charset))?.charset;
  if (charset === undefined || isUtf8(body)) return { body };
  return { body: Buffer.from(decodeCharset(body, charset)).toString('latin1'), from: charset };
}

const finished = (head: string, { body, from }: Recoded): Composed => ({
  bytes: Buffer.concat([Buffer.from(head), Buffer.from(body, 'latin1')]),
  notes: from === undefined ? [] : [`the text was in ${from} and is UTF-8 now`],
});

function tagOf({ subject }: Message): string {
  const { version, part, total, words } = subject;
  const width = String(total ?? 0).length;
  const fields = [
    'PATCH',
    ...words.filter((word) => /^[\w.-]+$/.test(word)),
    ...(version > 1 ? [`v${version}`] : []),
    ...(part === undefined ? [] : [`${String(part).padStart(width, '0')}/${total}`]),
  ];
  return `[${fields.join(' ')}] `;
}

/** A header that git am, and this program, read without guessing. */
function header(message: Message, as: { author: string; subject: string }): string {
  const fields = [
    ...(message.commit === undefined ? [] : [`From ${message.commit} Mon Sep 17 00:00:00 2001`]),
    ...(as.author === '' ? [] : [`From: ${printable(as.author)}`]),
    ...(message.date === undefined ? [] : [`Date: ${rfcDate(message.date)}`]),
    `Subject: ${printable(as.subject)}`,
    ...(message.id === '' ? [] : [`Message-ID: <${printable(message.id)}>`]),
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  return `${fields.join('\n')}\n\n`;
}

/** As RFC 5322 has it, in UTC. */
const rfcDate = (date: Date): string => date.toUTCString().replace('GMT', '+0000');
