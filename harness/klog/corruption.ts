import type { Segment } from './segment.ts';
import type { Trace } from './types.ts';

/**
 * Why a report cannot be trusted whole, or undefined when it can.
 * `unnamed`: the report names no function that its kind always names.
 */
export function corruption(
  segment: Segment,
  bodies: readonly string[],
  traces: readonly Trace[],
  unnamed: boolean,
): string | undefined {
  if (segment.torn !== undefined) return `another report began inside it: ${segment.torn}`;
  const raw = segment.lines.find((l) => l.raw.includes(' printk messages dropped **'));
  if (raw !== undefined) return 'the kernel dropped messages inside the report';
  const { rule } = segment.header;
  if (rule.oneLine === true || rule.traceless === true) return undefined;
  const frames = traces.reduce((n, t) => n + t.frames.length, 0);
  if (frames === 0) return segment.cut ? 'the log ends before its stack trace' : 'it has no stack trace';
  if (unnamed) return 'its stack trace names no function at fault';
  const last = bodies.at(-1) ?? '';
  if (segment.cut && /Call [Tt]race:\s*$/.test(last)) return 'the log ends before its stack trace';
  return undefined;
}
