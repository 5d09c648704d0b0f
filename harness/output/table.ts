/** A row of cells, or a line that stands by itself between the rows. */
export type Row = readonly string[] | string;

/** Rows as aligned columns under their headings, two spaces between them; the last column runs free. */
export function table(headings: readonly string[], rows: readonly Row[]): string {
  const all: readonly Row[] = [headings, ...rows];
  const cells = all.filter((row) => typeof row !== 'string');
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: Row): string =>
    typeof row === 'string'
      ? row
      : row
          .map((cell, column) => (column === headings.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
          .join('  ')
          .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}
