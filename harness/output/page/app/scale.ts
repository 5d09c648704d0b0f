/** An axis for measurements. */
export interface Scale {
  /** Per cent of the width, for a value. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly isLogarithmic: boolean;
}

/** Linear from zero; logarithmic where the largest value would squeeze the others into a corner. */
export function scaleFor(values: readonly number[]): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && high / low > 50 ? logarithmic(low, high) : linear(Math.min(0, low), high);
}

/** Some room at both ends, for what is drawn at a place is as wide as a letter. */
const inside = (share: number): number => 2 + share * 94;

function logarithmic(low: number, high: number): Scale {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.ceil((to - from) / 8);
  return {
    at: (value) => inside((Math.log10(value) - from) / (to - from)),
    ticks: Array.from(
      { length: Math.floor((to - from) / every) + 1 },
      (_, index) => 10 ** (from + index * every),
    ),
    isLogarithmic: true,
  };
}

function linear(low: number, high: number): Scale {
  const step = niceStep((high - low) / 4);
  const [first, last] = [
    Math.floor(low / step),
    Math.max(Math.floor(low / step) + 1, Math.ceil(high / step)),
  ];
  return {
    at: (value) => inside((value / step - first) / (last - first)),
    ticks: Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step),
    isLogarithmic: false,
  };
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function niceStep(rough: number): number {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
}
