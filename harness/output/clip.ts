/** Characters of one text that go into another program's file: a test may have printed megabytes. */
export const mostText = 16_384;

/**
 * Lines as one text of at most `most` UTF-16 units, the beginning and the end of it: what a test did first and
 * what it did last tell more than what lies between.
 */
export function clipped(lines: readonly string[], most = mostText): string {
  const text = lines.join('\n').toWellFormed();
  if (text.length <= most) return text;
  const mark = (left: number): string => `\n[… ${left} characters left out …]\n`;
  const half = Math.floor((most - mark(text.length).length) / 2);
  // A pair of surrogates may have been cut in two.
  return `${text.slice(0, half)}${mark(text.length - 2 * half)}${text.slice(-half)}`.toWellFormed();
}
