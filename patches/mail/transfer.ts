/**
 * Undoes a content transfer encoding (RFC 2045, section 6). Text and result are bytes as characters
 * (latin1), so that a patch comes out byte for byte.
 */
export function decodeTransfer(text: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString('latin1');
  if (encoding === 'quoted-printable') return decodeQuotedPrintable(text);
  return text;
}

/** Soft line breaks go, `=XX` becomes a byte; what is no valid escape stays as it is. */
export function decodeQuotedPrintable(text: string): string {
  return text
    .replaceAll(/=[ \t]*\r?\n/g, '')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Bytes as characters, read in a charset; in UTF-8 when nobody knows that charset. */
export function decodeCharset(text: string, charset: string): string {
  return decoderFor(charset).decode(Buffer.from(text, 'latin1'));
}

function decoderFor(charset: string): InstanceType<typeof TextDecoder> {
  // Many a mail says us-ascii and is UTF-8 all the same.
  const name = /^(?:|us-ascii|ascii|unknown-8bit)$/i.test(charset) ? 'utf-8' : charset;
  try {
    return new TextDecoder(name);
  } catch {
    return new TextDecoder('utf-8');
  }
}

/** Whether bytes as characters are valid UTF-8. */
export function isUtf8(text: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
    return true;
  } catch {
    return false;
  }
}

/** Decodes the encoded words of a header field (RFC 2047); other bytes are read as UTF-8. */
export function decodeWords(field: string): string {
  const word = /=\?([^?\s]+)\?([BbQq])\?([^?]*)\?=/g;
  // Blanks between two encoded words are only there because the line was folded.
  const joined = field.replaceAll(/(\?=)\s+(?==\?[^?\s]+\?[BbQq]\?)/g, '$1');
  let result = '';
  let at = 0;
  for (const match of joined.matchAll(word)) {
    const [whole, charset = '', encoding = '', content = ''] = match;
    const bytes =
      encoding.toLowerCase() === 'b'
        ? decodeTransfer(content, 'base64')
        : content
            .replaceAll('_', ' ')
            .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
              String.fromCharCode(Number.parseInt(hex, 16)),
            );
    result +=
      decodeCharset(joined.slice(at, match.index), 'utf-8') +
      decodeCharset(bytes, charset.split('*')[0] ?? '');
    at = match.index + whole.length;
  }
  return result + decodeCharset(joined.slice(at), 'utf-8');
}
