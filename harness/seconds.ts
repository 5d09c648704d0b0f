/** Seconds of wall clock since a time in milliseconds (Date.now()), to a tenth: what documents for people show. */
export const secondsSince = (started: number): number => Math.round((Date.now() - started) / 100) / 10;
