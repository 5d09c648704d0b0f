/** What earlier runs said, a bar each, the oldest first: its height tells as much as its colour. */
const bars: Record<string, { readonly tone: string; readonly height: number; readonly word: string }> = {
  F: { tone: 'bug', height: 16, word: 'FAIL' },
  E: { tone: 'warning', height: 12, word: 'ERROR' },
  M: { tone: 'warning', height: 8, word: 'MISS' },
  P: { tone: 'good', height: 4, word: 'PASS' },
  S: { tone: 'quiet', height: 1, word: 'SKIP' },
  x: { tone: 'bug', height: 16, word: 'seen' },
  '-': { tone: 'quiet', height: 2, word: 'not seen' },
};

const step = 5;

/** All bars of one colour are one path: a list shows thousands of bars. */
export function Sparkline({ history }: { history: string }) {
  if (history === '') return null;
  const paths = new Map<string, string>();
  history.split('').forEach((letter, index) => {
    const { tone = 'quiet', height = 1 } = bars[letter] ?? {};
    const bar = `M${index * step} 17v${-height}h${step - 1.5}v${height}z`;
    paths.set(tone, (paths.get(tone) ?? '') + bar);
  });
  return (
    <svg class="spark" width={history.length * step} height={18} role="img" aria-label={sparkWords(history)}>
      {[...paths].map(([tone, path]) => (
        <path key={tone} class={tone} d={path} />
      ))}
    </svg>
  );
}

/** `last 12 runs: 10 PASS, 2 FAIL`. */
export function sparkWords(history: string): string {
  const counts = Object.entries(bars).flatMap(([letter, { word }]) => {
    const count = history.split(letter).length - 1;
    return count === 0 ? [] : `${count} ${word}`;
  });
  return `last ${history.length === 1 ? 'run' : `${history.length} runs`}: ${counts.join(', ')}`;
}

/** Share of the earlier runs that were observed and failed; undefined of none. */
export function flakeRate(history: string): number | undefined {
  const observed = history.replaceAll(/[^FP]/g, '');
  return observed === '' ? undefined : (observed.split('F').length - 1) / observed.length;
}
