import { parseFrame } from '../trace.ts';
import type { Frame, LockClass, LockUse } from '../types.ts';

/**
 * `(name#2/1){+.+.}-{3:3}` as print_lock_name() writes it; before 5.7 without the wait types, in the
 * 4.x series with up to six usage characters. Names hold brackets, spaces, arrows and ampersands.
 */
const LOCK =
  /\((?<name>.{1,300}?)\)\{(?<usage>[^{}\s]{2,12})\}(?:-\{(?<outer>-?\d{1,2}):(?<inner>-?\d{1,2})\})?/;

/** Splits `name#2/1` (version, subclass). A name may itself end in a number, so both marks are strict. */
export function parseClassName(text: string): LockClass {
  const m = /^(?<name>.*?)(?:#(?<version>\d{1,9}))?(?:\/(?<subclass>\d{1,3}))?$/s.exec(text);
  return {
    name: m?.groups?.['name'] ?? text,
    ...(m?.groups?.['version'] === undefined ? {} : { version: Number(m.groups['version']) }),
    ...(m?.groups?.['subclass'] === undefined ? {} : { subclass: Number(m.groups['subclass']) }),
  };
}

/** The lock class on a line, or undefined. */
export function parseClass(line: string): LockClass | undefined {
  const m = LOCK.exec(line);
  if (m?.groups === undefined) return undefined;
  const g = m.groups;
  return {
    ...parseClassName(g['name'] ?? ''),
    ...(g['usage'] === undefined ? {} : { usage: g['usage'] }),
    ...(g['outer'] === undefined ? {} : { wait: { outer: Number(g['outer']), inner: Number(g['inner']) } }),
  };
}

/** A line of print_lock(): ` #0: ffff8880 (&a){+.+.}-{3:3}, at: foo+0x1/0x2`. */
export function parseLockUse(line: string): LockUse | undefined {
  const lock = parseClass(line);
  if (lock === undefined) return undefined;
  const address = /(?:^|\s)([0-9a-f]{8,16}) \(/.exec(line)?.[1];
  const at = /, at: (.*)$/.exec(line)?.[1];
  const frame: Frame | undefined = at === undefined ? undefined : parseFrame(at);
  const depth = /^\s*#(\d{1,3}): /.exec(line)?.[1];
  return {
    lock,
    ...(address === undefined ? {} : { address }),
    ...(frame === undefined ? {} : { at: frame }),
    ...(depth === undefined ? {} : { depth: Number(depth) }),
  };
}
