import { parseHeaders, parseParameters } from './headers.ts';
import { decodeTransfer, decodeWords } from './transfer.ts';

/** One piece of text out of a message, its transfer encoding undone. */
export interface TextPart {
  /** Bytes as characters (latin1), lines ended by LF alone. */
  readonly text: string;
  /** In lower case, e.g. `utf-8`. */
  readonly charset: string;
  /** Soft line breaks and stuffed spaces are in it (RFC 3676, `format=flowed`). */
  readonly flowed: boolean;
  /** The space of a soft line break is not part of the text (RFC 3676, `delsp=yes`). */
  readonly deleteSpace: boolean;
  /** Every line ended in CR LF. */
  readonly crLf?: boolean;
  /** The attachment's name, when it has one. */
  readonly fileName?: string;
  /** The text is a whole message, with its header. */
  readonly message?: true;
}

export interface Content {
  readonly parts: readonly TextPart[];
  /** What was passed over, for people. */
  readonly notes: readonly string[];
}

type Fields = ReadonlyMap<string, readonly string[]>;

/** Deeper nesting than this is nobody's mail. */
const deepest = 8;

/** More parts than this in one message are nobody's mail either. */
const mostParts = 200;

/** What git format-patch writes is a message of its own, also when it is attached to one. */
const isFormatPatch = (text: string): boolean =>
  /^From [0-9a-f]{40,64} /.test(text) || parseHeaders(text)?.fields.has('subject') === true;

const isPatchName = (name: string | undefined): boolean => /\.(?:patch|diff)$/i.test(name ?? '');

/** The texts of a message body in order: text/plain, attached patches, attached messages. */
export function textParts(fields: Fields, body: string): Content {
  const parts: TextPart[] = [];
  const notes: string[] = [];
  walk({ fields, body, depth: 0 }, parts, notes);
  return { parts, notes: [...new Set(notes)] };
}

interface Entity {
  readonly fields: Fields;
  readonly body: string;
  readonly depth: number;
}

function walk({ fields, body, depth }: Entity, parts: TextPart[], notes: string[]): void {
  const type = parseParameters(fields.get('content-type')?.[0] ?? 'text/plain');
  const encoding = (fields.get('content-transfer-encoding')?.[0] ?? '').trim().toLowerCase();
  const boundary = type.parameters.get('boundary');
  if (type.value.startsWith('multipart/') && boundary !== undefined) {
    if (depth >= deepest) {
      notes.push(`parts nested more than ${deepest} deep were not opened`);
      return;
    }
    for (const part of splitAtBoundary(body, boundary)) {
      if (parts.length >= mostParts) {
        notes.push(`of a message in more than ${mostParts} parts the rest was not read`);
        return;
      }
      walk({ ...entity(part), depth: depth + 1 }, parts, notes);
    }
    return;
  }
  const decoded = decodeTransfer(body, encoding);
  const text = withoutCr(decoded);
  const fileName = nameOf(fields, type.parameters);
  const message = type.value === 'message/rfc822' || (fileName !== undefined && isFormatPatch(text));
  if (type.value === 'text/html') notes.push('an HTML part was passed over');
  else if (type.value.startsWith('text/') || type.value === '' || isPatchName(fileName) || message) {
    parts.push({
      text,
      charset: (type.parameters.get('charset') ?? '').toLowerCase(),
      flowed: (type.parameters.get('format') ?? '').toLowerCase() === 'flowed',
      deleteSpace: (type.parameters.get('delsp') ?? '').toLowerCase() === 'yes',
      ...(text === decoded ? {} : { crLf: true }),
      ...(fileName === undefined ? {} : { fileName }),
      ...(message ? { message } : {}),
    });
  }
}

function entity(text: string): { fields: Fields; body: string } {
  // A part without any header of its own begins with an empty line.
  const head = parseHeaders(text);
  return head === undefined
    ? { fields: new Map(), body: text.replace(/^\r?\n/, '') }
    : { fields: head.fields, body: text.slice(head.bodyAt) };
}

function nameOf(fields: Fields, parameters: ReadonlyMap<string, string>): string | undefined {
  const disposition = parseParameters(fields.get('content-disposition')?.[0] ?? '');
  const name = disposition.parameters.get('filename') ?? parameters.get('name');
  return name === undefined ? undefined : decodeWords(name);
}

/** The parts between a multipart's delimiter lines (RFC 2046, section 5.1.1); a missing end is forgiven. */
function splitAtBoundary(body: string, boundary: string): string[] {
  const found: string[] = [];
  let part: string[] | undefined;
  for (const line of body.split('\n')) {
    const bare = line.trimEnd();
    if (bare === `--${boundary}` || bare === `--${boundary}--`) {
      if (part) found.push(part.join('\n'));
      part = bare.endsWith(`${boundary}--`) ? undefined : [];
      if (part === undefined) return found;
    } else {
      part?.push(line);
    }
  }
  if (part) found.push(part.join('\n'));
  return found;
}

/** A text whose lines all end in CRLF is one that came that way; a lone CR is the author's. */
function withoutCr(text: string): string {
  return /\r\n/.test(text) && !/(?:^|[^\r])\n/.test(text) ? text.replaceAll('\r\n', '\n') : text;
}
