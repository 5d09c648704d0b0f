import type { Measurement } from '../verdict.ts';

type Distribution = Measurement['base'];

const width = 48;

/** From nothing to the most, for a terminal that can show them and for one that cannot. */
const levels = { unicode: ' ▁▂▃▄▅▆▇█', ascii: ' .:-=+*#@' } as const;

/**
 * Whether a terminal says that it shows UTF-8: the first of LC_ALL, LC_CTYPE and LANG that is set counts
 * (POSIX, XBD 8.2).
 */
export function showsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '');
  return /utf-?8/i.test(locale ?? '');
}

/**
 * How the measurements of both kernels are spread, a line each on one axis. The axis is logarithmic where it spans
 * more than a factor of four, for latencies have long tails.
 */
export function plot(
  base: Distribution,
  candidate: Distribution,
  unicode: boolean,
): readonly [string, string] {
  const low = Math.min(base.quantiles.min, candidate.quantiles.min);
  const high = Math.max(base.quantiles.max, candidate.quantiles.max);
  const scale = low > 0 && high / low > 4 ? Math.log : (value: number): number => value;
  const [from, to] = [scale(low), scale(high)];
  const column = (value: number): number =>
    to === from ? 0 : Math.min(width - 1, Math.floor(((scale(value) - from) / (to - from)) * width));
  const line = ({ samples }: Distribution): string => {
    const counts = Array.from({ length: width }, () => 0);
    for (const value of samples) counts[column(value)] = (counts[column(value)] ?? 0) + 1;
    return bars(counts, unicode ? levels.unicode : levels.ascii).trimEnd();
  };
  return [line(base), line(candidate)];
}

/** What is there at all shows at least as the lowest bar. */
function bars(counts: readonly number[], signs: string): string {
  const most = Math.max(...counts, 1);
  return counts.map((count) => signs[Math.ceil((count / most) * (signs.length - 1))] ?? ' ').join('');
}
