import { printable } from '../printable.ts';
import { parseHeaders } from './headers.ts';
import { textParts } from './mime.ts';
import { parseSubject } from './subject.ts';
import { decodeWords } from './transfer.ts';

/** The subject of a mail without its `[PATCH v2 1/3]`, unfolded; undefined when there is none. */
export function subjectOf(bytes: Uint8Array): string | undefined {
  const subject = parseHeaders(Buffer.from(bytes).toString('latin1'))?.fields.get('subject')?.[0];
  if (subject === undefined) return undefined;
  return printable(parseSubject(decodeWords(subject)).title) || undefined;
}

/**
 * A mail whose text is transfer-encoded or one of several parts (RFC 2045), decoded: who wrote it and what about, then
 * its texts one after the other, as git mailinfo joins them. Any other bytes as they are.
 */
export function decodeMail(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const head = parseHeaders(text);
  const encoding = head?.fields.get('content-transfer-encoding')?.[0] ?? '';
  const type = head?.fields.get('content-type')?.[0] ?? '';
  if (
    head === undefined ||
    !(/^(?:quoted-printable|base64)\s*$/i.test(encoding) || /^multipart\//i.test(type))
  )
    return bytes;
  const kept = ['from', 'date', 'subject', 'message-id'].flatMap((name) => {
    const value = head.fields.get(name)?.[0];
    return value === undefined
      ? []
      : [Buffer.from(`${name[0]?.toUpperCase()}${name.slice(1)}: ${decodeWords(value)}\n`)];
  });
  const { parts } = textParts(head.fields, text.slice(head.bodyAt));
  const body = parts.map((part) => Buffer.from(part.text, 'latin1'));
  return Buffer.concat([...kept, Buffer.from('\n'), ...body]);
}
