import { type KernelReport, readLog } from '../klog/index.ts';
import { peel } from '../klog/prefix.ts';
import type { SourcePlace } from './addr2line.ts';

/** A symbol and an offset in it, as a trace names an instruction. */
export interface SymbolRef {
  readonly func: string;
  readonly offset: number;
  /** Of the symbol, as printed. */
  readonly size: number;
  readonly module?: string;
  /** The address itself is meant (where a CPU stood), not one that a call returns to. */
  readonly exact: boolean;
}

/** Source places, innermost first, or why there are none. */
export type Resolution = { readonly places: readonly SourcePlace[] } | { readonly problem: string };

/** Somebody who knows source places. */
export interface Resolver {
  /** Told before a report's references are asked for one by one, so that what they need can be prepared together. */
  prepare?(refs: readonly SymbolRef[]): Promise<void>;
  resolve(ref: SymbolRef): Promise<Resolution>;
}

const REF =
  /(?<func>[A-Za-z_.$][\w.$]*)\+0x(?<offset>[0-9a-f]{1,8})\/0x(?<size>[0-9a-f]{1,8})(?: \[(?<module>[\w-]{1,64})(?: [0-9a-f]{1,64})?\])?/;
/** Lines that show where a CPU stood. */
const POINTER = /\b(?:RIP|EIP|IP|pc|PC is at|epc|NIP)\b[ :]/;
/** A symbolizer was here before. */
const PLACED = / \S+:\d+(?: \[inline\])?$/;

interface Mention {
  readonly ref: SymbolRef;
  /** Just behind it in the line. */
  readonly end: number;
  /** What stands before it when it is a frame of a stack, which may get inlined frames above. */
  readonly indent: string | undefined;
}

/** The instruction that a line of a report names; unconfirmed frames (`? `) are left alone. */
function mention(line: string): Mention | undefined {
  const match = line.includes('+0x') ? REF.exec(line) : null;
  const groups = match?.groups;
  if (match === null || groups === undefined || PLACED.test(line)) return undefined;
  const before = line.slice(0, match.index);
  if (before.endsWith('? ')) return undefined;
  const within = peel(line).body;
  const alone = /^\s*(?:\[<[0-9a-f]{4,16}>\] )?$/.test(within.slice(0, within.indexOf(match[0])));
  return {
    ref: {
      func: groups['func'] ?? '',
      offset: Number.parseInt(groups['offset'] ?? '', 16),
      size: Number.parseInt(groups['size'] ?? '', 16),
      ...(groups['module'] === undefined ? {} : { module: groups['module'] }),
      exact: POINTER.test(before),
    },
    end: match.index + match[0].length,
    indent: alone ? before : undefined,
  };
}

export const refKey = ({ func, offset, size, module, exact }: SymbolRef): string =>
  `${func}+${offset}/${size}[${module ?? ''}]${exact ? '!' : ''}`;

/** All instructions that a report's text names, each once. */
export function refsIn(text: string): SymbolRef[] {
  const refs = text.split('\n').flatMap((line) => mention(line)?.ref ?? []);
  return [...new Map(refs.map((ref) => [refKey(ref), ref])).values()];
}

/**
 * Adds source places to a text: `func+0x1/0x2 file.c:12`, and above a frame of a stack a line for each function
 * that was inlined there, `inner file.c:34 [inline]`, as symbolizers for kernel logs do.
 */
export function withPlaces(text: string, known: ReadonlyMap<string, readonly SourcePlace[]>): string {
  return text
    .split('\n')
    .map((line) => {
      const found = mention(line);
      const places = found && known.get(refKey(found.ref));
      const [innermost] = places ?? [];
      if (found === undefined || places === undefined || innermost === undefined) return line;
      const { indent, end } = found;
      if (indent === undefined) return inserted(line, end, innermost);
      const inlined = places
        .slice(0, -1)
        .map(({ func, file, line: at }) => `${indent}${func} ${file}:${at} [inline]`);
      return [...inlined, inserted(line, end, places.at(-1) ?? innermost)].join('\n');
    })
    .join('\n');
}

const inserted = (line: string, end: number, { file, line: at }: SourcePlace): string =>
  `${line.slice(0, end)} ${file}:${at}${line.slice(end)}`;

/** A report with source places in its text and its structure, and the problems that were met. */
export async function symbolized(
  report: KernelReport,
  resolver: Resolver,
): Promise<{ report: KernelReport; problems: string[] }> {
  const refs = refsIn(report.text);
  await resolver.prepare?.(refs);
  const known = new Map<string, readonly SourcePlace[]>();
  const problems: string[] = [];
  for (const ref of refs) {
    const found = await resolver.resolve(ref);
    if ('places' in found) known.set(refKey(ref), found.places);
    else problems.push(found.problem);
  }
  if (known.size === 0) return { report, problems };
  const text = withPlaces(report.text, known);
  const again = readLog(text).find(({ kind }) => kind === report.kind);
  if (again === undefined) return { report: { ...report, text }, problems };
  const { traces, lockdep, ip } = again;
  // Identity and place in the log stay those of the log.
  return {
    report: {
      ...report,
      text,
      traces,
      ...(lockdep === undefined ? {} : { lockdep }),
      ...(ip === undefined ? {} : { ip }),
    },
    problems,
  };
}
