import type { Severity } from '../types.ts';

/**
 * One header that the kernel can print. A line opens a report when it contains `literal` and its
 * body (without prefixes) matches `re`; the first rule of the table that matches wins.
 */
export interface HeaderRule {
  readonly kind: string;
  /** At least five characters that every such line holds: what the fast scan looks for, and the first test. */
  readonly literal: string;
  /** What the fast scan looks for instead, when that is better found: every such line holds one of them. */
  readonly scan?: readonly string[];
  readonly re: RegExp;
  readonly severity: Severity;
  /** The report's title; groups of `re` are given. Default: the matched text. */
  readonly title?: (groups: Readonly<Record<string, string | undefined>>, body: string) => string;
  /**
   * The line announces the header proper (`cut here` before anything, `list_del corruption` before
   * `kernel BUG at`): both make one report, which starts at the later line and keeps this kind,
   * unless this kind is only `warn.cut`.
   */
  readonly announces?: RegExp;
  /** A later header of the same event, to be taken as part of this report. */
  readonly continuedBy?: RegExp;
  /** Only after a kernel prefix (time, level or caller): programs print such lines too. */
  readonly needsPrefix?: boolean;
  /** No stack trace need go with it, so the lack of one means nothing. */
  readonly traceless?: boolean;
  /** The report is this line alone: it leaves a report that is being printed open. */
  readonly oneLine?: boolean;
  /** The line that ends such a report, where the printer writes one. */
  readonly last?: RegExp;
}

/** The words that most reports open with. */
export const SIGNS: readonly string[] = ['BUG: ', 'WARNING: ', 'INFO: '];
