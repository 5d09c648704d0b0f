/** One figure of a benchmark. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be at most (`<=`) or at least (`>=`), where an aim is set. */
  readonly aim?: string;
  readonly reached?: boolean;
  /** What it is the median of, or how it came about. */
  readonly note?: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

/** Milliseconds that something takes, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ milliseconds: number; value: T }> {
  const started = performance.now();
  const value = await work();
  return { milliseconds: performance.now() - started, value };
}

/** A figure with an upper bound. */
export const atMost = (figure: Omit<Figure, 'aim' | 'reached'>, bound: number): Figure => ({
  ...figure,
  aim: `<= ${bound} ${figure.unit}`,
  reached: figure.value <= bound,
});

/** The median of several durations in milliseconds, as a figure with an upper bound. */
export const medianAtMost = (name: string, values: readonly number[], bound: number): Figure =>
  atMost(
    {
      name,
      value: Math.round(median(values)),
      unit: 'ms',
      note: `median of ${values.length}, ${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`,
    },
    bound,
  );
