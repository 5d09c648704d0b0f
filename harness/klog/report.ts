import { parseLockdep } from './lockdep/parse.ts';
import { parseContext, parseOrigin } from './origin.ts';
import type { Segment } from './segment.ts';
import { signatureOf } from './signature.ts';
import { parseTraces } from './trace.ts';
import type { KernelReport, Line } from './types.ts';

/** Bytes as they came, one char each, to text. */
const decode = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

function corruption(segment: Segment, hasTrace: boolean): string | undefined {
  if (segment.cut && !hasTrace) return 'the log ends inside the report';
  return undefined;
}

/** Understands one segment of a log. `secondary`: an earlier report stands in the same log. */
export function buildReport(segment: Segment, secondary: boolean): KernelReport {
  const { header, lines } = segment;
  const head = lines[segment.at] as Line;
  const bodies = lines.slice(segment.at).map((l) => decode(l.body));
  const traces = parseTraces(bodies);
  const origin = parseOrigin(bodies);
  const context = parseContext(bodies);
  const isLockdep = header.rule.kind.startsWith('lockdep.');
  const lockdep = isLockdep ? parseLockdep(header.rule.kind, bodies) : undefined;
  const base = decode(header.rule.title?.(header.groups, head.body) ?? header.text).replace(/^\[ | \]$/g, '');
  const names = lockdep?.cycle.map((c) => c.name) ?? [];
  const title =
    names.length > 0
      ? `${base.replace(/^(?:WARNING|INFO|BUG): | detected!?$/g, '')}: ${[...names, ...(names.length > 1 ? [names[0]] : [])].join(' -> ')}`
      : base;
  const corrupted = corruption(segment, traces.length > 0);
  const pid = header.groups['pid'];
  const task =
    header.groups['comm'] !== undefined && pid !== undefined
      ? { comm: header.groups['comm'], pid: Number(pid) }
      : (lockdep?.task ?? origin.task);
  return {
    kind: header.rule.kind,
    title,
    severity: header.rule.severity,
    signature: signatureOf(header.rule.kind, title, traces, lockdep),
    start: head.start,
    lead: (lines[0] as Line).start,
    end: (lines.at(-1) as Line).end,
    text: `${decode(lines.map((l) => l.raw).join('\n'))}\n`,
    ...(head.time === undefined ? {} : { timestamp: head.time }),
    ...(origin.cpu === undefined ? {} : { cpu: origin.cpu }),
    ...(task === undefined ? {} : { task }),
    ...(context === undefined ? {} : { context }),
    ...(origin.taint === undefined ? {} : { taint: origin.taint }),
    ...(origin.release === undefined ? {} : { release: origin.release }),
    traces,
    ...(corrupted === undefined ? {} : { corrupted }),
    ...(secondary ? { secondary } : {}),
    ...(segment.panic === undefined ? {} : { panic: segment.panic }),
    ...(lockdep === undefined ? {} : { lockdep }),
  };
}
