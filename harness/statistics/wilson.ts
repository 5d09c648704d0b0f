/** How sure all statements are that name no other degree: 95 %. */
export const confidence = 0.95;

/** The standard normal distribution leaves 2.5 % above this (two-sided 95 %). */
const z95 = 1.959964;
/** The same for 10 %: a lower end by itself that is right in 90 % of all cases. */
const z90oneSided = 1.281552;

/** Lower and upper end, 0 to 1. */
export type Interval = readonly [low: number, high: number];

/**
 * Wilson's score interval of a share (E. B. Wilson, 1927), at 95 % by default. Unlike the normal
 * approximation it holds for few runs, and for none or all of them failing.
 *
 * @param runs at least 1
 */
export function wilsonInterval(failures: number, runs: number, z = z95): Interval {
  const share = failures / runs;
  const middle = share + (z * z) / (2 * runs);
  const spread = z * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs));
  const scale = 1 + (z * z) / runs;
  // At the ends the formula is exact, and floating point is not.
  return [failures === 0 ? 0 : (middle - spread) / scale, failures === runs ? 1 : (middle + spread) / scale];
}

/**
 * A failure rate to reckon with after some runs: the lower end of Wilson's interval at 90 %, so that a
 * lucky series of failures does not make later passes look surer than they are.
 */
export const cautiousRate = (failures: number, runs: number): number =>
  wilsonInterval(failures, runs, z90oneSided)[0];
