import type { LockdepReport } from './lockdep/types.ts';

/** How bad a report is: a proven fault, something suspicious, or a mere notice. */
export type Severity = 'bug' | 'warning' | 'info';

/** One line of a kernel log. All offsets are bytes of the original input. */
export interface Line {
  readonly start: number;
  /** Just after the line's `\n` (or the end of input). */
  readonly end: number;
  /** The whole line without its line end, one char per byte (latin1). */
  readonly raw: string;
  /** What the kernel passed to printk: `raw` without any prefix, one char per byte. */
  readonly body: string;
  /** Seconds, as printed by PRINTK_TIME (or converted from /dev/kmsg's microseconds). */
  readonly time: number | undefined;
  /** PRINTK_CALLER's id: `T12` (task) or `C0` (CPU, when not in task context). */
  readonly caller: string | undefined;
  /** Log level 0..7 when a prefix gave it. */
  readonly level: number | undefined;
}

/** One frame of a call trace. */
export interface Frame {
  /** Symbol without offset; undefined when only an address was printed. */
  readonly func?: string;
  readonly offset?: number;
  /** Size of the symbol, the `/0x..` part. */
  readonly size?: number;
  readonly module?: string;
  /** `file:line` when the log was symbolized. */
  readonly at?: string;
  /** Symbolizers mark inlined functions with `[inline]`. */
  readonly inlined: boolean;
  /** Printed with `?`: a leftover on the stack that the unwinder did not confirm. */
  readonly unreliable: boolean;
}

/** A call trace with what it is about. */
export interface Trace {
  /** The line above it: `Call Trace`, `Allocated by task 12`, `-> #1 (&a){+.+.}-{3:3}` ... */
  readonly heading: string;
  readonly frames: readonly Frame[];
}

/** The machine's say about a report: the `CPU: 0 PID: 1 Comm: x Tainted: G` line (lib/dump_stack.c). */
export interface Origin {
  readonly cpu?: number;
  readonly task?: { readonly comm: string; readonly pid: number };
  readonly taint?: string;
  readonly release?: string;
}

/** Where the reporting code ran: NMI, hardirq and softirq frames are marked in traces. */
export type Context = 'task' | 'softirq' | 'hardirq' | 'nmi';

/** Names as syzkaller (and so syzbot's dashboard) would give them. */
export interface SyzkallerTitles {
  readonly title: string;
  readonly alt: readonly string[];
  readonly type: string;
  readonly frame: string;
  readonly corrupted?: string;
}

/** One structured report found in a kernel log. */
export interface KernelReport {
  /** Class, e.g. `lockdep.circular`; dots go from general to special. */
  readonly kind: string;
  /** Short and stable, e.g. `possible circular locking dependency: &a -> &b`. */
  readonly title: string;
  readonly severity: Severity;
  /** Identity across runs: holds no addresses, pids, CPUs, times, nor `#N` of lock classes. */
  readonly signature: string;
  /** Byte offset of the line that names the report (not of the banner above it). */
  readonly start: number;
  /** Byte offset where the report's first line begins, banner or `cut here` included. */
  readonly lead: number;
  /** Byte offset just after the report's last line. */
  readonly end: number;
  /** The report's own lines from `lead` to `end`, prefixes kept; lines of other contexts are left out. */
  readonly text: string;
  readonly timestamp?: number;
  readonly cpu?: number;
  readonly task?: { readonly comm: string; readonly pid: number };
  readonly context?: Context;
  readonly taint?: string;
  readonly release?: string;
  readonly traces: readonly Trace[];
  /** Why the report cannot be trusted whole: cut short, torn by other output, no trace ... */
  readonly corrupted?: string;
  /** It came after an earlier report of this log, so it may be only a consequence. */
  readonly secondary?: boolean;
  /** The console printed an earlier report of this log again, with the same time stamp. */
  readonly replay?: boolean;
  /** The instruction at which the CPU stood (RIP, pc), when the report shows registers. */
  readonly ip?: Frame;
  /** Who holds what a hung task waits for (since 6.16 the kernel says so). */
  readonly blocker?: {
    readonly lock: string;
    readonly task: { readonly comm: string; readonly pid: number };
  };
  /** The reason in the `Kernel panic - not syncing` line that this report led to. */
  readonly panic?: string;
  readonly lockdep?: LockdepReport;
  readonly titles?: SyzkallerTitles;
}
