import { parseHeaders } from './headers.ts';
import { type TextPart, textParts } from './mime.ts';
import { parseSubject, type Subject } from './subject.ts';
import { decodeCharset, decodeWords } from './transfer.ts';

/** A mail, or a text that is none: then the header's values are empty and all of it is one part. */
export interface Message {
  /** Without angle brackets; empty when there is none. */
  readonly id: string;
  /** Message-IDs of the mails it answers: In-Reply-To first, then References from the nearest to the root. */
  readonly parents: readonly string[];
  readonly subject: Subject;
  /** `Name <address>`; empty when there is none. */
  readonly author: string;
  readonly date?: Date;
  /** The commit that git format-patch wrote into the separator line. */
  readonly commit?: string;
  readonly isMail: boolean;
  readonly parts: readonly TextPart[];
  readonly notes: readonly string[];
}

/**
 * Reads a message and those that are attached to it.
 *
 * @param raw bytes as characters (latin1); an mbox separator line may stand before the header.
 */
export function readMessage(raw: string): Message[] {
  const message = readOne(raw);
  const attached = message.parts.filter((part) => part.message);
  if (attached.length === 0) return [message];
  const own = { ...message, parts: message.parts.filter((part) => !part.message) };
  return [own, ...attached.map((part) => within(message, part))];
}

/** A message that is attached to another one; an attachment inside of it stays closed. */
function within(outer: Message, part: TextPart): Message {
  const inner = readOne(part.text);
  return {
    ...inner,
    id: inner.id || `${part.fileName ?? 'attachment'}.${outer.id}`,
    parents: [...new Set([...inner.parents, outer.id])].filter((id) => id !== ''),
    parts: inner.parts.filter((own) => !own.message),
  };
}

function readOne(raw: string): Message {
  const marked = raw.startsWith('\u00ef\u00bb\u00bf') ? raw.slice(3) : raw;
  // Lines that begin with "From " are escaped in an mbox (mboxrd).
  const text = marked.startsWith('From ') ? marked.replaceAll(/^>(>*From )/gm, '$1') : marked;
  const head = parseHeaders(text);
  // Debian's patches have a header too (DEP-3), but it is none of a mail.
  if (head === undefined || !mailFields.some((name) => head.fields.has(name)))
    return { ...nobody, ...textParts(new Map(), text) };
  const field = (name: string): string => head.fields.get(name)?.[0] ?? '';
  const date = new Date(field('date').replace(/\s*\(.*\)$/, ''));
  const commit = /^From ([0-9a-f]{40}|[0-9a-f]{64}) /.exec(text)?.[1];
  return {
    id: idsIn(field('message-id'))[0] ?? '',
    parents: [...new Set([...idsIn(field('in-reply-to')), ...idsIn(field('references')).toReversed()])],
    subject: parseSubject(decodeWords(field('subject'))),
    author: decodeWords(field('from')).replaceAll(/\s+/g, ' ').replaceAll('"', ''),
    ...(Number.isNaN(date.getTime()) ? {} : { date }),
    ...(commit === undefined ? {} : { commit }),
    isMail: true,
    ...textParts(head.fields, text.slice(head.bodyAt)),
  };
}

const mailFields = ['from', 'subject', 'message-id', 'received'];

const nobody = { id: '', parents: [], subject: parseSubject(''), author: '', isMail: false };

const idsIn = (field: string): string[] =>
  [...field.matchAll(/<([^<>\s]+)>/g)].map((match) => match[1] ?? '');

/** A part's text for people. */
export const readable = (part: TextPart): string => decodeCharset(part.text, part.charset);
