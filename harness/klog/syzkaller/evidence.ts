import type { Header } from '../headers.ts';
import type { Mention } from './frames.ts';
import { pick } from './frames.ts';

/** What there is to name a report by. */
export interface Evidence {
  readonly header: Header;
  /** Message lines from the header on. */
  readonly bodies: readonly string[];
  readonly mentions: readonly Mention[];
  /** Two contexts wrote into the report at the same time. */
  readonly mixed: boolean;
}

/** How a report is named: `PREFIX in FUNC`, with `ALT in FUNC` beside it. */
export interface Naming {
  readonly prefix: string;
  readonly type: string;
  /** Undefined: the title names no function; `corrupted`: it should, but the report names none. */
  readonly func?: string;
  readonly alt?: string;
  readonly also?: readonly string[];
  readonly suffix?: string;
  /** The frame when the title itself names none. */
  readonly frame?: string;
}

export type Rule = (e: Evidence) => Naming | undefined;

const names = (found: readonly Mention[]): string[] => found.map((m) => m.func);

/** Functions in stacks only. */
export const frames = (e: Evidence): string[] => names(e.mentions.filter((m) => m.how === 'frame'));

/** Functions of stacks and instruction pointers; interrupted code in a stack counts as a frame of it. */
export const stack = (e: Evidence): string[] => names(e.mentions.filter((m) => m.how !== 'site'));

/** Where locks were taken: of the lock at issue first, then of the ones held. */
export const sites = (e: Evidence): string[] => names(e.mentions.filter((m) => m.how === 'site'));

export const anywhere = (e: Evidence): string[] => names(e.mentions);

/** The stack after the first `Call Trace` only: instruction pointers above it are registers. */
export function trace(e: Evidence): string[] {
  const from = e.bodies.findIndex((b) => /Call [Tt]race:|^\s*(?:Backtrace|stack backtrace):/.test(b));
  return from < 0 ? [] : names(e.mentions.filter((m) => m.how !== 'site' && m.line > from));
}

/** Where a CPU stood, and the stack from there on. */
export function fromPointer(e: Evidence): string[] {
  const at = e.mentions.findIndex((m) => m.how === 'ip');
  return at < 0 ? [] : names(e.mentions.slice(at).filter((m) => m.how !== 'site'));
}

/** The part of the evidence above a line (the header itself is never that line). */
export function upTo(e: Evidence, end: RegExp): Evidence {
  const at = e.bodies.findIndex((b, i) => i > 0 && end.test(b));
  return at < 0
    ? e
    : { ...e, bodies: e.bodies.slice(0, at), mentions: e.mentions.filter((m) => m.line < at) };
}

export const headFunc = (e: Evidence): string[] => [e.header.groups['func'] ?? ''].filter(Boolean);

/** A title with a function; `corrupted` in its place when none was found. */
export const named = (
  prefix: string,
  type: string,
  func: string | undefined,
  more: Partial<Naming> = {},
): Naming => ({
  prefix,
  type,
  func: func ?? 'corrupted',
  ...more,
});

/** A title without a function. */
export const bare = (prefix: string, type = '', more: Partial<Naming> = {}): Naming => ({
  prefix,
  type,
  ...more,
});

/** Named by where the CPU stood, or else the stack. */
export const fault =
  (prefix: string, type: string, alt?: string): Rule =>
  (e) =>
    named(prefix, type, pick(stack(e)), alt === undefined ? {} : { alt });

/** Named by the stack alone. */
export const traced =
  (prefix: string, type: string): Rule =>
  (e) =>
    named(prefix, type, e.mixed ? undefined : pick(trace(e)));

/** Takes out of a line what differs from run to run: offsets, addresses, numbers, in syzkaller's words. */
export const anonymous = (text: string): string =>
  text
    .trim()
    .replace(/\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8}/g, '')
    .replace(/\b(?:0x)?[0-9a-f]{8,16}\b/g, 'ADDR')
    .replace(/\b\d+\b|\d{5,}/g, 'NUM')
    .slice(0, 120);

/** The alternative title of every bad memory access. */
export const BAD = 'bad-access';
