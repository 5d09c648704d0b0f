import { duration } from './columns.ts';
import { type DesignRow, measured } from './rows.ts';

/** One picture: the same measurement of all designs under several conditions. */
interface Panel {
  readonly title: string;
  readonly conditions: readonly { readonly name: string; readonly test: string; readonly key: string }[];
}

const panels: readonly Panel[] = [
  {
    title: 'Unregister, by requests in flight',
    conditions: [0, 1, 64, 1024, 4096].map((count) => ({
      name: String(count),
      test: `change-latency.unregister-${count}`,
      key: `unregister_with_${count}_p50`,
    })),
  },
  {
    title: 'One io_uring_enter with 16 fixed reads, by registrations a second: the longest',
    conditions: (
      [
        ['none', 0],
        ['ten', 10],
        ['hundred', 100],
        ['thousand', 1000],
      ] as const
    ).map(([point, rate]) => ({
      name: String(rate),
      test: `submission-stall.${point}`,
      key: `enter_at_${rate}_per_second_max`,
    })),
  },
  {
    title: 'One fixed read, by updates of its slot a second',
    conditions: [0, 10, 1000].map((rate) => ({
      name: String(rate),
      test: 'read-throughput.inline',
      key: `fixed_inline_at_${rate}_updates_p50`,
    })),
  },
];

/** Told apart with and without colours, on white and on black. */
const shades = ['#2a6fbb', '#3a9e6f', '#c98a1b', '#c2503c', '#8a4fa8'];

const size = { left: 330, width: 560, row: 22, top: 64, below: 46 };

/** The measurements as one SVG file: a panel for each, a row for each design, a mark for each condition, on a logarithmic axis. */
export function designPlot(rows: readonly DesignRow[]): string {
  const height = size.top + rows.length * size.row + size.below;
  const width = size.left + size.width + 30;
  const drawn = panels.map((panel, index) => panelOf(panel, rows, index * height));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${panels.length * height}" width="${width}" font-family="sans-serif" font-size="13">
<style>
svg { background: #fff; color: #222 } text { fill: currentColor } .grid { stroke: currentColor; opacity: .15 }
@media (prefers-color-scheme: dark) { svg { background: #16181c; color: #ddd } }
</style>
${drawn.join('\n')}
</svg>
`;
}

function panelOf({ title, conditions }: Panel, rows: readonly DesignRow[], y: number): string {
  const marks = rows.flatMap((row, line) =>
    conditions.flatMap(({ name, test, key }, shade) => {
      const ns = measured(row, test, key);
      return ns === undefined ? [] : [{ line, shade, name, ns: Math.max(1, ns) }];
    }),
  );
  const head = `<text x="10" y="${y + 24}" font-weight="bold">${escaped(title)}</text>`;
  const labels = rows.map(
    (row, line) =>
      `<text x="${size.left - 12}" y="${lineY(y, line) + 4}" text-anchor="end">${escaped(`${row.design}, ${row.tree}`)}</text>`,
  );
  if (marks.length === 0)
    return [head, ...labels, `<text x="${size.left}" y="${lineY(y, 0)}">not measured</text>`].join('\n');
  const axis = scaleOf(marks.map(({ ns }) => ns));
  const bottom = lineY(y, rows.length - 1) + size.row;
  const grid = axis.ticks.map(
    (ns) =>
      `<line class="grid" x1="${axis.at(ns)}" x2="${axis.at(ns)}" y1="${y + size.top - 12}" y2="${bottom}"/><text x="${axis.at(ns)}" y="${bottom + 16}" text-anchor="middle">${duration(ns)}</text>`,
  );
  const legend = conditions.map(
    ({ name }, shade) =>
      `<circle cx="${size.left + shade * 70}" cy="${y + 40}" r="5" fill="${shades[shade]}"/><text x="${size.left + shade * 70 + 9}" y="${y + 44}">${name}</text>`,
  );
  const points = marks.map(
    ({ line, shade, name, ns }) =>
      `<circle cx="${axis.at(ns)}" cy="${lineY(y, line)}" r="5" fill="${shades[shade]}" fill-opacity=".8"><title>${name}: ${duration(ns)}</title></circle>`,
  );
  return [head, ...legend, ...grid, ...labels, ...points].join('\n');
}

const lineY = (y: number, line: number): number => y + size.top + line * size.row;

/** Whole powers of ten around all values. */
function scaleOf(values: readonly number[]): { ticks: number[]; at: (ns: number) => number } {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const at = (ns: number): number =>
    Math.round(size.left + (size.width * (Math.log10(ns) - low)) / (high - low));
  return { ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)), at };
}

const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n]/gu, '\u{fffd}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
