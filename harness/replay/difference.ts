/** Where two consoles part, and the lines that it happens in. */
export interface Difference {
  /** Byte offset. */
  readonly at: number;
  readonly recorded: string;
  readonly replayed: string;
}

/** The first difference of two consoles; undefined when they are the same to the byte. */
export function differenceOf(recorded: Buffer, replayed: Buffer): Difference | undefined {
  if (recorded.equals(replayed)) return undefined;
  const shorter = Math.min(recorded.length, replayed.length);
  let at = 0;
  while (at < shorter && recorded[at] === replayed[at]) at++;
  return { at, recorded: lineAt(recorded, at), replayed: lineAt(replayed, at) };
}

/** Without control characters: a guest writes what it likes. */
function lineAt(console: Buffer, at: number): string {
  const start = at === 0 ? 0 : console.lastIndexOf('\n', at - 1) + 1;
  const end = console.indexOf('\n', at);
  const line = console.subarray(start, end === -1 ? console.length : end).toString('latin1');
  return line.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 200);
}
