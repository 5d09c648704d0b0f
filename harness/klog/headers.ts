import { lockdepHeaders } from './families/lockdep.ts';
import { lockingHeaders } from './families/locking.ts';
import { memoryHeaders } from './families/memory.ts';
import { miscHeaders } from './families/misc.ts';
import { oopsHeaders } from './families/oops.ts';
import type { HeaderRule } from './families/rule.ts';
import { sanitizerHeaders } from './families/sanitizer.ts';
import { schedHeaders } from './families/sched.ts';
import { stallHeaders } from './families/stall.ts';
import { warnHeaders } from './families/warn.ts';
import { LiteralScanner } from './scanner.ts';
import type { Line } from './types.ts';

/** Every header this reader knows, in the order in which they are tried. */
export const HEADERS: readonly HeaderRule[] = [
  ...lockdepHeaders,
  ...lockingHeaders,
  ...schedHeaders,
  ...stallHeaders,
  ...sanitizerHeaders,
  ...memoryHeaders,
  ...oopsHeaders,
  ...warnHeaders,
  ...miscHeaders,
];

export const headerScanner = new LiteralScanner(HEADERS.flatMap((h) => h.scan ?? [h.literal]));

type Groups = Readonly<Record<string, string | undefined>>;

/** A header found in a line. */
export interface Header {
  readonly rule: HeaderRule;
  readonly groups: Groups;
  readonly text: string;
  /** When another line announced the report: the header proper, `WARNING: ...` or `kernel BUG at ...`. */
  readonly proper?: Header;
}

const NONE: Groups = {};

/** The first rule that the line's body fulfils. */
export function matchHeader(line: Line): Header | undefined {
  const body = line.body.trimStart();
  const prefixed = line.time !== undefined || line.level !== undefined || line.caller !== undefined;
  for (const rule of HEADERS) {
    if (!body.includes(rule.literal) || (rule.needsPrefix === true && !prefixed)) continue;
    const m = rule.re.exec(body);
    if (m !== null) return { rule, groups: m.groups ?? NONE, text: m[0] };
  }
  return undefined;
}
