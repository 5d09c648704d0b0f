/**
 * What changes the direction of text or hides in it (Unicode Technical Report 36), and what some programs
 * take for a line's end: a console could show other words than it holds.
 */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** Control characters but line feed and tab. */
const CONTROL = /[^\P{Cc}\n\t]/gu;

/** What a terminal would take as an order about colours, which is common in consoles and says nothing. */
const COLOUR = /\x1b\[[0-9;]{0,16}m/g;

const codePoint = (char: string): string =>
  `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** The picture of a control character: `␛` (Unicode block Control Pictures); C1 has none. */
function picture(char: string): string {
  const code = char.charCodeAt(0);
  if (code === 0x7f) return '\u2421';
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : codePoint(char);
}

/** Nearly all text is like this, and there may be megabytes of it. */
const PLAIN = /^[\x20-\x7e\n\t]*$/;

/** Text of a guest or a patch as it is shown: whatever could deceive the reader is spelt out. Lone surrogates, which no URL can hold, are replaced. */
export const visible = (text: string): string =>
  PLAIN.test(text)
    ? text
    : text
        .toWellFormed()
        .replaceAll('\r\n', '\n')
        .replaceAll(COLOUR, '')
        .replaceAll(CONTROL, picture)
        .replaceAll(HIDDEN, codePoint);

/** Every text in a value of plain data, made visible. */
export function allVisible<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(allVisible) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [visible(key), allVisible(part as unknown)]),
  ) as T;
}
