import type { TextPart } from '../mail/mime.ts';

/** One line of a message's text (bytes as characters). */
export interface BodyLine {
  /** The line as it is, a stuffed space removed (RFC 3676). */
  readonly full: string;
  /** How many `>` stand before it. */
  readonly depth: number;
  /** What stands behind the last `>`; the blank that belongs to the mark is still there. */
  readonly inner: string;
  /** The sender's software broke the line here: the next one continues it. */
  readonly soft: boolean;
  readonly loss: Loss;
}

/**
 * What software did to the line before it came here. `blanks`: it has non-breaking blanks, which stand where tabs
 * were, and empty lines next to it may be gone. `breaks`: line breaks were lost and have been found again by
 * the quote marks; empty lines and the blanks at both ends of a line are gone for good.
 */
export type Loss = 'none' | 'blanks' | 'breaks';

/** Text that was quoted more often than this is not looked into. */
export const deepestQuote = 50;

/** The lines of a part with their quoting. The text's last line break ends its last line. */
export function bodyLines(part: Pick<TextPart, 'text' | 'flowed' | 'charset'>): BodyLine[] {
  const flattened = unflattened(part.text);
  const lines = flattened ?? part.text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const loss = flattened === undefined ? 'none' : 'breaks';
  const wide = /^(?:iso-8859-\d+|windows-125\d)$/.test(part.charset) ? '\u00a0' : '\u00c2\u00a0';
  return lines.map((line) => bodyLine(line, { flowed: part.flowed, loss, wide }));
}

interface How {
  readonly flowed: boolean;
  readonly loss: Loss;
  /** The bytes of a non-breaking blank. */
  readonly wide: string;
}

function bodyLine(raw: string, how: How): BodyLine {
  const lost = raw.includes(how.wide) && (how.flowed || raw.startsWith('>'));
  const line = lost ? raw.replaceAll(how.wide, ' ') : raw;
  const loss = lost ? 'blanks' : how.loss;
  const stuffed = how.flowed && line.startsWith(' ');
  const full = stuffed ? line.slice(1) : line;
  const soft = how.flowed && full.endsWith(' ') && full !== '-- ';
  // A stuffed line that begins with ">" is no quotation.
  if (stuffed) return { full, depth: 0, inner: full, soft, loss };
  let at = 0;
  let depth = 0;
  while (full[at] === '>') {
    depth += 1;
    at += 1;
    if (full[at] === ' ' && full[at + 1] === '>') at += 1;
  }
  return { full, depth, inner: full.slice(at), soft, loss };
}

/** Shorter lines than this are not taken for a text whose line breaks were lost. */
const suspiciousLength = 400;

/**
 * Finds the lines of a quoted diff again in a text that lost its line breaks, e.g. one copied from a web
 * page: every line began with its quote mark, so that the marks say where. Undefined when the text is not
 * of that kind.
 */
export function unflattened(text: string): string[] | undefined {
  const lines = text.split('\n');
  const isFlat = (line: string): boolean =>
    line.length > suspiciousLength && /(?:^|[ \t])>+[ \t]+diff --git /.test(line) && line.includes(' @@ -');
  if (!lines.some(isFlat)) return undefined;
  return lines.flatMap((line) => (isFlat(line) ? brokenAtMarks(line) : [line]));
}

function brokenAtMarks(line: string): string[] {
  const result: string[] = [];
  let start = 0;
  let mark = '';
  // Inside of a diff only its own mark breaks lines, or one that cannot be an operator: C shifts with ">>".
  let region: string | undefined;
  const put = (end: number): void => {
    result.push(`${mark} ${line.slice(start, end).trim()}`.trim());
  };
  for (const match of line.matchAll(/(?:^|(?<=[ \t]))>+(?=[ \t]|$)/g)) {
    const found = match[0];
    if (region !== undefined && found !== region && found.length < 3) continue;
    if (region !== undefined && found !== region) region = undefined;
    put(match.index);
    mark = found;
    start = match.index + found.length;
    if (/^[ \t]+diff --git /.test(line.slice(start, start + 20))) region = found;
  }
  put(line.length);
  return result;
}
