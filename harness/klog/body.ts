import { isFrame } from './trace.ts';

/**
 * Which lines go with a report that is being read. The kernel's printers share a small stock of shapes;
 * a line that has none of them belongs to something else that the kernel said meanwhile.
 */
export type Belonging = 'frame' | 'sure' | 'maybe' | 'no';

/** How lines begin in reports of some kinds. */
interface Openings {
  readonly kinds: RegExp;
  /** Regular expressions with `;` between them. A blank or sign follows where words alone would be too common. */
  readonly lines: string;
}

const OPENINGS: readonly Openings[] = [
  {
    // lib/dump_stack.c; dumpstack.c, process.c, traps.c and fault.c of the architectures: stacks and registers
    kinds: /./,
    lines: String.raw`
  Call [Tt]race;Backtrace:;Stack:;Stack limit;stack backtrace;Code: ;Modules linked in:;Hardware name:;Workqueue: ;Stopper: ;Sched_ext: ;CPU: \d;Comm: ;Tainted: ;Process ;Thread ;task: ?\S
  Oops;Internal error;PGD ;pgd ;pgd:;P4D ;RIP: ;EIP[ :];IP[ :];EFLAGS: ;ORIG_RAX: ;RSP: ;pc : ;lr : ;sp : ;ra : ;epc : ;gp : ;pstate: ;psr: ;PC is at ;LR is at ;NIP[ :];LR \[;MSR: ;GPR\d;CFAR: ;Instruction dump
  Exception stack;Register r\d;Flags: ;Control: ;Table: ;x\d{1,2} {0,2}: ;r\d{1,2} {0,2}: ;[cdefgs]s: ;Mem abort info;Data abort info;ESR = ;EC = ;SET = ;EA = ;FSC = ;ISV = ;CM = ;user pgtable;swapper pgtable
  Unable to handle ;#PF: ;Dumping ftrace;Kernel Offset: ;PHYS_OFFSET: ;CPU features: ;SMP: stopping;SMP: failed;Memory Limit: ;Rebooting in ;note: \S;BAD;KASAN: ;kasan: ;last sysfs file;Bad RIP value;8<---
  Kernel panic;---\[ end;-{4,40}\[ cut;list_add;list_del;refcount_t;ODEBUG: ;Disabling lock debugging;[A-Z][A-Z0-9]{1,3}: {1,4}[0-9a-f]{4}`,
  },
  {
    // lockdep_print_held_locks, print_irqtrace_events and what the scheduler says of atomic sections
    kinds: /^(?:lockdep|rtmutex|sched|hung|rcu|soft|hard|wq|spin|rw|panic|warn|refcount|bug)/,
    lines: String.raw`
  irq event stamp;hardirqs last;softirqs last;\d{1,4} locks? held;no locks held;Showing all locks;INFO: lockdep is turned off;#\d{1,3}: ;lock: ;caller is
  Preemption disabled at;in_atomic\(;preempt_count;RCU nest depth`,
  },
  {
    // kernel/locking/lockdep.c
    kinds: /^(?:lockdep|rtmutex)/,
    lines: String.raw`
  but (?:task|now|this|there|are|it)\b;which (?:lock|became|would)\b;the (?:existing|dependencies|shortest|first|second|code|dependency)\b;other info that;and (?:this|interrupts|the lock)\b;to a \S{1,30}-irq;May be;Possible;this lock
  turning off the;you didn.t;or (?:maybe|it)\b;context-\{;rcu_scheduler_active;RCU used;Illegal\b;suspicious\b;inconsistent \{;\{\S{1,60}\} state was;-> #\d;-> \(;\.\.\. ;Acquiring key;addr ;Chain exists of;depth: \d;Held locks;Locks in cached
  (?:IN-|INITIAL |HARDIRQ-|SOFTIRQ-|RECLAIM_FS-)[A-Z -]{2,30} at:;\}$`,
  },
  {
    // kernel/rcu/tree_stall.h, kernel/hung_task.c, kernel/watchdog.c, kernel/workqueue.c, lib/nmi_backtrace.c, sched_show_task
    kinds: /^(?:rcu|hung|soft|hard|wq|csd|panic|sched)/,
    lines: String.raw`
  rcu: ;Tasks blocked on;\(detected by;\(t=\d;All QSes seen;Sending NMI;NMI backtrace;"echo 0 > ;task:\S;Future hung task;workqueue \S;pool \d;Showing busy;Showing backtraces;The pool might;INFO: task \S;in-flight: ;pending: ;delayed: ;inactive: ;pwq \d;CPU#\d;Sample ;Utilization
  \S{1,40} {1,16}[A-Z] {1,4}(?:running task )?\S{0,16} {1,8}\d;last function`,
  },
  {
    // mm/kasan, mm/kmsan, mm/kfence, kernel/kcsan, lib/ubsan.c, mm/kmemleak.c, mm/debug.c, mm/slub.c
    kinds: /^(?:k|ubsan|slub|bad|odebug|usercopy|mempool|pgtables|list|oops|bug|dma)/,
    lines: String.raw`
  Read of size;Write of size;Free of addr;Allocated(?: by|:);Freed(?: by|:);Last potentially;Second to last;The buggy address;Memory state around;Pointer tag;Object at ;PID = ;page: ?\S;page dumped;page_owner;page last;page_type;pfn:;flags: ;raw: ;head:
  memcg:;anon flags;aops:;Uninit was;Local variable;Bytes \d;Memory access of;Data copied;Reported by Kernel;value changed;(?:read|write|read-write|assert\S{0,30}|race|interrupt)(?: \(marked\))? (?:to|at|no)\b;kfence-#;Use-after-free;Out-of-bounds;Corrupted memory;Invalid (?:free|read|write)
  index \S;shift exponent;signed integer;unsigned integer;load of ;store to ;member (?:access|call);left shift;negation of;division ;comm \S;hex dump;backtrace;unreferenced object
  INFO: (?:Slab|Object|Allocated|Freed|0x);Object\b;Redzone\b;Padding\b;Slab\b;Bytes b4;FIX ;bad because of;rust_kernel:`,
  },
  {
    // mm/oom_kill.c, mm/page_alloc.c, lib/show_mem.c
    kinds: /^(?:oom|alloc|panic)/,
    lines: String.raw`
  Mem-Info;Node \d;DMA;Normal;lowmem_reserve;Tasks state;oom-kill:;Out of memory;active_anon;active_file;unevictable;slab_reclaimable;mapped:;sec_pagetables;kernel_misc;free:;\d{1,12} (?:total|pages) ;Free swap;Total swap;Swap cache;Unreclaimable slab;\[ {1,4}(?:pid|\d{1,7}) ?\]`,
  },
];

type ByFirst = ReadonlyMap<string, RegExp>;

/** The openings for a kind by first character; expressions that begin otherwise are under the empty string. */
function byFirst(kind: string): ByFirst {
  const groups = new Map<string, string[]>();
  const patterns = OPENINGS.filter((o) => o.kinds.test(kind)).flatMap((o) => o.lines.split(/[\n;]/));
  for (const pattern of patterns.map((p) => p.replace(/^ {2}/, '')).filter(Boolean)) {
    const first = /^\\?([^\\[(a-zA-Z]|(?<!\\)[a-zA-Z])/.exec(pattern)?.[1] ?? '';
    groups.set(first, [...(groups.get(first) ?? []), pattern]);
  }
  return new Map([...groups].map(([first, list]) => [first, new RegExp(`^(?:${list.join('|')})`)]));
}

const CACHE = new Map<string, ByFirst>();

function opens(text: string, kind: string): boolean {
  let map = CACHE.get(kind);
  if (map === undefined) {
    map = byFirst(kind);
    CACHE.set(kind, map);
  }
  return map.get(text[0] ?? '')?.test(text) === true || map.get('')?.test(text) === true;
}

/** Shapes that need no words. */
const SHAPES: readonly RegExp[] = [
  /^={10,100}$|^-{10,100}$|^\*{10,100}$/,
  /^[0-9a-f]{4,16}: {1,40}(?:[0-9a-f]{2,16}[ :]|\(|0{4})/, // memory dump
  /^>?[0-9a-f]{8,16}: (?:[0-9a-f]{2} ){4}/, // KASAN's shadow
  /^(?:[0-9a-f]{8,16} ){2,4}[0-9a-f]{8,16}$/, // raw stack words
  /^\S{1,64}[/:]\d{1,10}(?: \[.{1,60}\])? (?:is |just |has |takes)/, // `comm/pid is trying to acquire lock:`
  /\{[-+.?]{4,12}\}/, // a lock with its usage bits
  /^\d+\.\d+\.\d+\S* #\d/, // print_kernel_ident
  /^\S{1,200}:\d{1,6} \S.{0,200}!$/, // `kernel/foo.c:12 suspicious rcu_dereference_check() usage!`
  /^lock\(|^\*\*\* DEADLOCK|^CPU0 {4,40}CPU1|^<Interrupt>/,
  /^Not tainted \d|^Tainted: /,
  /^<\/?[A-Za-z#][A-Za-z0-9]{0,11}>/, // `<TASK>`, `</IRQ>`
];

/**
 * Says whether a line looks like the inside of a report of that kind. `body` is the line without its prefix,
 * `text` that without white space at both ends.
 */
export function belongs(body: string, text: string, kind: string): Belonging {
  if (text === '') return 'maybe';
  if (isFrame(text)) return 'frame';
  if (opens(text, kind) || SHAPES.some((re) => re.test(text))) return 'sure';
  return /^\s/.test(body) ? 'maybe' : 'no';
}

/** Banner lines that stand above a header: they carry no meaning, only attention. */
export const isBanner = (body: string): boolean =>
  /^[=\-*]{10,100}\s*$|^8<--- cut here/.test(body) || body.trim() === '';
