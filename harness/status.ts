import type { KernelReport } from './klog/index.ts';

/**
 * Statuses of a test, KCIDB's, the most telling first: the kernel is bad, the test is broken, the
 * harness could not tell, all is well, nothing was to be tested.
 */
export const statuses = ['FAIL', 'ERROR', 'MISS', 'PASS', 'SKIP'] as const;
export type Status = (typeof statuses)[number];

/** The most telling of several statuses; MISS of none, for nothing was observed. */
export function worst(list: readonly Status[]): Status {
  return statuses.find((status) => list.includes(status)) ?? 'MISS';
}

/** A fact that a test prints about how the kernel behaves. It is no judgement. */
export interface Observation {
  readonly key: string;
  readonly value: string;
  /** With a unit it is a measurement, which differs from run to run; without, it is compared exactly. */
  readonly unit?: string | undefined;
}

/** Measurements of one kind that a test took in one run. */
export interface Samples {
  readonly name: string;
  /** Nanoseconds, in the order in which they were taken. */
  readonly values: readonly number[];
}

/** From when on, by the guest's clock, and why a kernel's silence says nothing. */
export interface Blind {
  /** Seconds since the guest's boot; undefined when nobody knows. */
  readonly since?: number | undefined;
  readonly because: string;
}

/** One of lockdep's tables, and how much of it is used, 0 to 1. */
export interface TableUse {
  readonly table: string;
  readonly used: number;
}

/** What a suite's policy did to a test point. */
export interface PolicyNote {
  /** The entry's id. */
  readonly entry: string;
  /** `failed`: what passed by itself is a failure on this kernel; `known`: this kernel is known for the failure; `broken`: the entry cannot be held against the point. */
  readonly effect: 'failed' | 'known' | 'broken';
  /** What was seen and why that counts, for people. */
  readonly text: string;
  readonly source: string;
  /** Of `known`: it may show on the candidate alone. */
  readonly sometimes?: boolean | undefined;
}

/** What one test point of one program did in one repetition. */
export interface PointResult {
  /** `PROGRAM.POINT`, stable. */
  readonly name: string;
  readonly program: string;
  readonly repetition: number;
  /** The number of the schedule that it ran under, where there are several. */
  readonly schedule?: number | undefined;
  readonly status: Status;
  /** What the test itself said, before kernel reports of its time turned a pass into a failure. */
  readonly own: Status;
  /** Why it is not a plain PASS, for people. */
  readonly reason?: string;
  /** What the suite's policy says, where it does. */
  readonly policy?: readonly PolicyNote[];
  /** Set when nobody would have heard a complaint of the kernel; else the result is validated. */
  readonly blind?: Blind;
  /** The table that lockdep would have run out of first, after the program's end. */
  readonly lockdepUse?: TableUse;
  readonly observations: readonly Observation[];
  readonly samples?: readonly Samples[];
  /** The other `#` lines: what was expected and what was seen. */
  readonly diagnostics: readonly string[];
  /** Signatures of the kernel reports printed while the program ran. */
  readonly reports: readonly string[];
}

/** A kernel report and where it was seen. */
export interface FoundReport {
  readonly report: KernelReport;
  /** The program that ran when it was printed; null: at boot, between programs or at power-off. */
  readonly program: string | null;
  readonly repetition: number;
  readonly schedule?: number | undefined;
  /** Console log, relative to the run directory, and byte offsets in it. */
  readonly console: string;
  readonly start: number;
  readonly end: number;
}
