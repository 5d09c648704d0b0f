import { isFrame } from './trace.ts';

/**
 * Which lines go with a report that is being read. The kernel's printers share a small stock of shapes;
 * a line that has none of them belongs to something else that the kernel said meanwhile.
 */
export type Belonging = 'sure' | 'maybe' | 'no';

/**
 * How lines begin, by the file of the kernel that prints them: regular expressions, `;` between them.
 * A blank or a sign follows where the words alone would be too common.
 */
const OPENINGS = String.raw`
  # lib/dump_stack.c, arch/*/kernel/{dumpstack,process,traps}.c, arch/*/mm/fault.c: registers and what goes with them
  Call [Tt]race;Backtrace:;Stack:;Stack limit;Code: ;Modules linked in:;Hardware name:;Workqueue: ;Stopper: ;Sched_ext: ;CPU: \d;Comm: ;Tainted: ;Process ;Thread ;task: ?\S
  Oops;Internal error;PGD ;pgd ;pgd:;P4D ;RIP: ;EIP[ :];IP[ :];EFLAGS: ;ORIG_RAX: ;RSP: ;pc : ;lr : ;sp : ;ra : ;epc : ;gp : ;pstate: ;psr: ;PC is at ;LR is at ;NIP[ :];LR \[;MSR: ;GPR\d;CFAR: ;Instruction dump
  Exception stack;Register r\d;Flags: ;Control: ;Table: ;x\d{1,2} {0,2}: ;r\d{1,2} {0,2}: ;[cdefgs]s: ;Mem abort info;Data abort info;ESR = ;EC = ;SET = ;EA = ;FSC = ;ISV = ;CM = ;user pgtable;swapper pgtable
  Unable to handle ;#PF: ;Dumping ftrace;Kernel Offset: ;PHYS_OFFSET: ;CPU features: ;SMP: stopping;SMP: failed;Memory Limit: ;Rebooting in ;note: \S;BAD;KASAN: ;kasan: ;last sysfs file;Bad RIP value;8<---
  # kernel/locking/lockdep.c, kernel/sched/core.c
  but (?:task|now|this|there|are|it)\b;which (?:lock|became|would)\b;the (?:existing|dependencies|shortest|first|second|code|dependency)\b;other info that;stack backtrace;and (?:this|interrupts|the lock)\b;to a \S{1,30}-irq;May be;Possible;this lock
  irq event stamp;hardirqs last;softirqs last;\d{1,4} locks? held;no locks held;Showing all locks;INFO: lockdep is turned off;turning off the;you didn.t;or (?:maybe|it)\b;context-\{;rcu_scheduler_active;RCU used;Preemption disabled at
  in_atomic\(;preempt_count;RCU nest depth;Illegal\b;suspicious\b;inconsistent \{;\{\S{1,60}\} state was;-> #\d;-> \(;\.\.\. ;caller is ;Acquiring key;lock: ;addr ;#\d{1,3}: ;Chain exists of;depth: \d;Held locks;Locks in cached
  (?:IN-|INITIAL |HARDIRQ-|SOFTIRQ-|RECLAIM_FS-)[A-Z -]{2,30} at:;\}$
  # kernel/rcu/tree_stall.h, kernel/hung_task.c, kernel/watchdog.c, kernel/workqueue.c, lib/nmi_backtrace.c
  rcu: ;Tasks blocked on;\(detected by;\(t=\d;All QSes seen;Sending NMI;NMI backtrace;"echo 0 > ;task:\S;Future hung task;workqueue \S;pool \d;Showing busy;Showing backtraces;in-flight: ;pending: ;delayed: ;inactive: ;pwq \d;CPU#\d;Sample ;Utilization
  # mm/kasan, mm/kmsan, mm/kfence, kernel/kcsan, lib/ubsan.c, mm/kmemleak.c, lib/debugobjects.c, mm/debug.c
  Read of size;Write of size;Free of addr;Allocated(?: by|:);Freed(?: by|:);Last potentially;Second to last;The buggy address;Memory state around;Pointer tag;Object at ;PID = ;page: ?\S;page dumped;page_owner;page last;page_type;pfn:;flags: ;raw: ;head:
  memcg:;anon flags;aops:;Uninit was;Local variable;Bytes \d;Memory access of;Data copied;Reported by Kernel;value changed;(?:read|write|read-write|assert\S{0,30}|race|interrupt)(?: \(marked\))? (?:to|at|no)\b;kfence-#;Use-after-free;Out-of-bounds;Corrupted memory;Invalid (?:free|read|write)
  index \S;shift exponent;signed integer;unsigned integer;load of ;store to ;member (?:access|call);left shift;negation of;division ;comm \S;hex dump;backtrace;unreferenced object;ODEBUG:
  # mm/slub.c, mm/page_alloc.c, mm/oom_kill.c, lib/show_mem.c
  INFO: (?:Slab|Object|Allocated|Freed|0x);Object\b;Redzone\b;Padding\b;Slab\b;FIX ;Disabling lock debugging;bad because of;Mem-Info;Node \d;DMA;Normal;lowmem_reserve;Tasks state;oom-kill:;Out of memory;active_anon
  # lib/list_debug.c, lib/refcount.c, kernel/panic.c, rust
  list_add;list_del;refcount_t;Kernel panic;---\[ end;-{4,40}\[ cut;rust_kernel:
`;

/** Lines whose first character says little. */
const OPENINGS_ANY: readonly string[] = [
  String.raw`[A-Z][A-Z0-9]{1,3}: {1,4}[0-9a-f]{4}`, // registers
  String.raw`\S{1,40} {1,16}[A-Z] {1,4}(?:running task )?\S{0,16} {1,8}\d`, // sched_show_task
];

/** The openings by first character (regular expressions that begin otherwise under the empty string). */
function byFirst(): ReadonlyMap<string, RegExp> {
  const groups = new Map<string, string[]>();
  const patterns = OPENINGS.split('\n').filter((l) => !/^ *(?:#|$)/.test(l));
  for (const pattern of [...patterns.flatMap((l) => l.replace(/^ {2}/, '').split(';')), ...OPENINGS_ANY]) {
    if (pattern === '') continue;
    const first = /^\\?([^\\[(a-zA-Z]|(?<!\\)[a-zA-Z])/.exec(pattern)?.[1] ?? '';
    groups.set(first, [...(groups.get(first) ?? []), pattern]);
  }
  return new Map([...groups].map(([first, list]) => [first, new RegExp(`^(?:${list.join('|')})`)]));
}

const OPENING = byFirst();
const OPENING_REST = OPENING.get('');

const opens = (text: string): boolean =>
  OPENING.get(text[0] ?? '')?.test(text) === true || OPENING_REST?.test(text) === true;

const OTHER: readonly RegExp[] = [
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
];

/** Says whether a line (without its prefix) looks like the inside of a report. */
export function belongs(body: string): Belonging {
  const text = body.trim();
  if (text === '') return 'maybe';
  if (isFrame(text)) return 'sure';
  if (opens(text) || OTHER.some((re) => re.test(text))) return 'sure';
  if (/^<\/?[A-Za-z#][A-Za-z0-9]{0,11}>/.test(text)) return 'sure';
  return /^\s/.test(body) ? 'maybe' : 'no';
}

/** Banner lines that stand above a header: they carry no meaning, only attention. */
export const isBanner = (body: string): boolean =>
  /^[=\-*]{10,100}\s*$|^8<--- cut here/.test(body) || body.trim() === '';
