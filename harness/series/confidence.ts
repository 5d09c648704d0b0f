/**
 * How many passes in a row it takes to be sure that a failure is not there, when it shows in a share
 * of all runs: the chance that it hides in all of n runs is (1 - rate)^n.
 *
 * @param rate 0 to 1: the share of runs in which the failure shows where it is present
 * @param confidence 0 to 1, both excluded
 */
export function passesNeeded(rate: number, confidence: number): number {
  if (rate >= 1) return 1;
  return Math.ceil(Math.log(1 - confidence) / Math.log(1 - rate));
}

/**
 * A failure rate to reckon with after some runs: the lower end of Wilson's interval (E. B. Wilson,
 * 1927) at 90 %, so that a lucky series of failures does not make later passes look surer than they are.
 */
export function cautiousRate(failures: number, runs: number): number {
  const z = 1.2816;
  const share = failures / runs;
  const middle = share + (z * z) / (2 * runs);
  const spread = z * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs));
  return Math.max(0, (middle - spread) / (1 + (z * z) / runs));
}
