import type { Frame, Trace } from '../types.ts';

/** How a class was used so far, from one pair of lockdep's usage characters (get_usage_char, lockdep.c). */
export interface Usage {
  /** Taken inside this kind of interrupt (`-` or `?`). */
  readonly inInterrupt: boolean;
  /** Taken while this kind of interrupt was enabled (`+` or `?`). */
  readonly whileEnabled: boolean;
}

/**
 * Where a lock may be taken (enum lockdep_wait_type, include/linux/lockdep_types.h): the printed number
 * of a mutex is 3 or 4, depending on CONFIG_PROVE_RAW_LOCK_NESTING; these names are the same with both. `unchecked` is LD_WAIT_INV: no rule.
 */
export type WaitType = 'unchecked' | 'free' | 'raw-spin' | 'spin' | 'sleep' | 'max';

/** A lock class as lockdep prints it (`__print_lock_name`, `print_lock_name`). */
export interface LockClass {
  /** Name without `#N` and `/N`. */
  readonly name: string;
  /** `#N`: several classes share this name; the number depends on the order of registration. */
  readonly version?: number;
  /** `/N`: the nesting level given to `*_lock_nested()`. */
  readonly subclass?: number;
  /** Usage characters as printed, e.g. `+.+.`: hardirq, hardirq-read, softirq, softirq-read. */
  readonly usage?: string;
  readonly bits?: {
    readonly hardirq: Usage;
    readonly hardirqRead: Usage;
    readonly softirq: Usage;
    readonly softirqRead: Usage;
  };
  /** `{outer:inner}`: the context the lock may be taken in, and the one it makes. */
  readonly wait?: {
    readonly outer: number;
    readonly inner: number;
    readonly outerType: WaitType;
    readonly innerType: WaitType;
  };
}

/** A lock in somebody's hands, or wanted. */
export interface LockUse {
  readonly lock: LockClass;
  /** As printed: hashed on kernels that hide pointers. */
  readonly address?: string;
  /** Function in which it was (or would be) acquired. */
  readonly at?: Frame;
  /** Index in the list of held locks, outermost 0. */
  readonly depth?: number;
}

/** One edge of the dependency cycle: `to` was acquired while `from` was held. */
export interface LockEdge {
  readonly from: LockClass;
  readonly to: LockClass;
  /** The first function above lockdep's and the lock's own ones in the stack of the acquisition. */
  readonly acquiredIn?: string;
  readonly trace: Trace;
  /** `new`: this acquisition made the report. `recorded`: seen before. `interrupt`: an interrupt could take `to` while `from` is held. */
  readonly how: 'new' | 'recorded' | 'interrupt';
}

/** What lockdep tells of a class when it prints its history (print_lock_class_header). */
export interface LockHistory {
  readonly lock: LockClass;
  /** First use in each state, e.g. `IN-HARDIRQ-W`, `SOFTIRQ-ON-R`, `INITIAL USE`. */
  readonly states: readonly { readonly state: string; readonly trace: Trace }[];
}

/** `[HC1[1]:SC0[0]:HE0:SE1]`: in hard or soft interrupt (and how deep), and whether they are enabled. */
export interface IrqState {
  readonly hardirq: { readonly inside: boolean; readonly depth: number; readonly enabled: boolean };
  readonly softirq: { readonly inside: boolean; readonly depth: number; readonly enabled: boolean };
  /** print_irqtrace_events: where interrupts were last switched. */
  readonly events: readonly { readonly what: string; readonly stamp: number; readonly at?: Frame }[];
}

/** A row of the `Possible unsafe locking scenario` table. */
export interface ScenarioStep {
  readonly cpu: number;
  readonly action: 'lock' | 'rlock' | 'sync' | 'interrupt' | 'irq-disable';
  readonly lock?: string;
}

/** What a lockdep report says, in structure; empty lists where a report has no such part. */
export interface LockdepReport {
  readonly task?: { readonly comm: string; readonly pid: number };
  /** The lock being acquired, released, contended, or lost. */
  readonly wanted?: LockUse;
  /** The lock (held, or seen in the past) that conflicts with it; of kind `nested` the one that should be held. */
  readonly against?: LockUse;
  /** Lock classes in the order of the cycle: each is taken while the one before it is held. */
  readonly cycle: readonly LockClass[];
  /** `edges[i]` leads from `cycle[i]` to the next class; the last one closes the cycle. */
  readonly edges: readonly LockEdge[];
  readonly held: readonly LockUse[];
  readonly histories: readonly LockHistory[];
  readonly scenario: readonly ScenarioStep[];
  /** `Chain exists of: a --> b --> c`. */
  readonly chain: readonly string[];
  readonly irq?: IrqState;
  /** The usage that is new, and the recorded one that it contradicts, with where that was. */
  readonly usage?: { readonly before: string; readonly now: string; readonly trace?: Trace };
  /** `context-{4:4}`: what the context itself allows. */
  readonly context?: WaitType;
  /** The check that failed: `kernel/foo.c:12 suspicious rcu_dereference_check() usage`. */
  readonly check?: { readonly file: string; readonly line: number; readonly message: string };
  /**
   * How many links of the dependency chain the log lost. A class named `...` stands in `cycle` for each run of
   * them whose locks nothing else tells.
   */
  readonly abridged?: number;
  /** What is missing of a report that lost lines, so that `cycle` could not be made out. */
  readonly incomplete?: string;
  /** What else the report says in words: `but there are no more locks to release!`. */
  readonly notes: readonly string[];
}
