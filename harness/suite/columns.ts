/** Breaks text at spaces so that no line is longer than `width`; a word that is longer is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap((part) => cut(part, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

const cut = (word: string, width: number): string[] =>
  word.length <= width ? [word] : [word.slice(0, width), ...cut(word.slice(width), width)];

/** Items one below the other, each marked with a dash and indented behind it. */
export const bullets = (items: readonly string[], width: number): string[] =>
  items.flatMap((item) => wrap(item, width - 2).map((line, index) => `${index === 0 ? '-' : ' '} ${line}`));

/** Cells of wrapped lines side by side, `gap` spaces between them; widths are those of the columns. */
export function sideBySide(
  cells: readonly (readonly string[])[],
  widths: readonly number[],
  gap = 2,
): string[] {
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, row) =>
    cells
      .map((cell, column) => (cell[row] ?? '').padEnd(widths[column] ?? 0))
      .join(' '.repeat(gap))
      .trimEnd(),
  );
}

/** Shares `width` out in proportion, whole columns; the last one takes what is left over. */
export function shares(width: number, proportions: readonly number[]): number[] {
  const sum = proportions.reduce((total, one) => total + one, 0);
  const widths = proportions.map((one) => Math.floor((width * one) / sum));
  const left = width - widths.reduce((total, one) => total + one, 0);
  return widths.map((one, index) => (index === widths.length - 1 ? one + left : one));
}
