import { corruption, intrusion } from './corruption.ts';
import { identify } from './identity.ts';
import { parseLockdep } from './lockdep/parse.ts';
import { parseContext, parseOrigin } from './origin.ts';
import type { Segment } from './segment.ts';
import { blame, stalledIn } from './syzkaller/frames.ts';
import { syzkallerTitles } from './syzkaller/titles.ts';
import type { Row } from './trace.ts';
import { parseTraces, readRow } from './trace.ts';
import type { KernelReport, Line } from './types.ts';

/** Bytes as they came, one char each, to text. */
const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
const asItIs = (text: string): string => text;

/** Physical lines once each, even when several messages share one. */
function textOf(lines: readonly Line[]): string {
  let text = '';
  let last = -1;
  for (const { start, raw } of lines) {
    if (start !== last) text += `${raw}\n`;
    last = start;
  }
  return text;
}

/** Kinds whose titles elsewhere name no function, but whose stack does. */
const BLAMED =
  /^(?:slub|mempool|bad\.map|sched|alloc|irq|sysfs|rtmutex|oops|hardlockup|csd|dma|dentry|wq\.lockup|lockdep\.(?:subclass|key|internal))/;

const OWNER =
  /(?:is |> )?blocked on an? (?<lock>[a-z-]{1,40}).{0,20} likely (?:owned|last held) by task (?<comm>.{1,64}):(?<pid>\d{1,10})/;

/** `INFO: task a:1 is blocked on a mutex likely owned by task b:2.` (kernel/hung_task.c, debug_show_blocker). */
function blockerOf(bodies: readonly string[]): KernelReport['blocker'] {
  const g = bodies.map((b) => OWNER.exec(b)?.groups).find((groups) => groups !== undefined);
  if (g === undefined) return undefined;
  return { lock: g['lock'] ?? '', task: { comm: g['comm'] ?? '', pid: Number(g['pid']) } };
}

/** A function for our own title where syzkaller names none. */
const unnamed = (kind: string, rows: readonly Row[]): string | undefined =>
  kind.startsWith('rcu.stall') ? stalledIn(rows) : undefined;

/** Understands one segment of a log. */
export function buildReport(segment: Segment): KernelReport {
  const { header, lines } = segment;
  const head = lines[segment.at] as Line;
  const raw = textOf(lines);
  const decode = /[\u0080-\u00ff]/.test(raw) ? utf8 : asItIs;
  const bodies = lines.slice(segment.at).map((l) => decode(l.body));
  const rows = bodies.map(readRow);
  const traces = parseTraces(rows);
  const origin = parseOrigin(bodies);
  const context = parseContext(rows.map((r) => r.text));
  const isLockdep = header.rule.kind.startsWith('lockdep.');
  const lockdep = isLockdep
    ? parseLockdep(header.rule.kind.slice('lockdep.'.length), bodies, traces)
    : undefined;
  const intruded = intrusion(header.rule.kind, rows, header.groups['pid']);
  const titles = syzkallerTitles(header, rows, intruded !== undefined);
  const corrupted = corruption(segment, {
    rows,
    text: raw,
    traces,
    unnamed: titles?.frame === 'corrupted',
    ...(intruded === undefined ? {} : { intrusion: intruded }),
  });
  const ip = rows.find((r) => r.pointer !== undefined)?.pointer;
  const frame =
    titles?.frame === 'corrupted'
      ? unnamed(header.rule.kind, rows)
      : titles?.frame || (BLAMED.test(header.rule.kind) ? blame(rows) : undefined);
  const { title, signature } = identify({
    kind: header.rule.kind,
    header,
    head: decode(head.body.trim()),
    ...(frame === undefined ? {} : { func: frame }),
    ...(lockdep === undefined ? {} : { lockdep }),
  });
  const blocker = header.rule.kind.startsWith('hung.') ? blockerOf(bodies) : undefined;
  const pid = header.groups['pid'];
  const task =
    header.groups['comm'] !== undefined && pid !== undefined
      ? { comm: header.groups['comm'], pid: Number(pid) }
      : (lockdep?.task ?? origin.task);
  return {
    kind: header.rule.kind,
    title,
    severity: header.rule.severity,
    signature,
    start: head.start,
    lead: (lines[0] as Line).start,
    end: (lines.at(-1) as Line).end,
    text: decode(raw),
    ...(head.time === undefined ? {} : { timestamp: head.time }),
    ...(origin.cpu === undefined ? {} : { cpu: origin.cpu }),
    ...(task === undefined ? {} : { task }),
    ...(context === undefined ? {} : { context }),
    ...(origin.taint === undefined ? {} : { taint: origin.taint }),
    ...(origin.release === undefined ? {} : { release: origin.release }),
    traces,
    ...(corrupted === undefined ? {} : { corrupted }),
    ...(segment.earlier > 0 ? { secondary: true } : {}),
    ...(segment.panic === undefined ? {} : { panic: segment.panic }),
    ...(ip === undefined ? {} : { ip }),
    ...(blocker === undefined ? {} : { blocker }),
    ...(lockdep === undefined ? {} : { lockdep }),
    ...(titles === undefined
      ? {}
      : { titles: { ...titles, ...(corrupted === undefined ? {} : { corrupted }) } }),
  };
}
