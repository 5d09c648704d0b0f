/**
 * Which lines go with a report that is being read. The kernel's printers share a small stock of
 * shapes; a line with none of them belongs to something else that the kernel said meanwhile.
 */
const SHAPES: readonly RegExp[] = [
  /^\s/, // indented: frames, held locks, wrapped values
  /^$/,
  /^(?:Call [Tt]race|Backtrace|stack backtrace|Stack|Code|Modules linked in|Hardware name|Workqueue|Stopper|Process|Thread|task|Oops|Internal error|Comm|Tainted|Sending NMI|NMI backtrace|RIP|RSP|RIP-relative|EIP|EFLAGS|ORIG_RAX|pgd|pc|lr|sp|ra|epc|gp|tp|psr|pstate|PC is at|LR is at|pmr_save|CPU|PGD|Dumping ftrace|Kernel Offset|PHYS_OFFSET|CPU features|Memory Limit|Rebooting in|SMP|Mem abort info|Data abort info|user pgtable|swapper pgtable|irq event stamp|hardirqs last|softirqs last|other info that|but task is|but there are|which lock|the existing dependency|the dependencies|the shortest dependencies|the first lock|the second lock|and |to a |is trying|Possible |May be|\.\.\. |this lock|and interrupts|rcu_scheduler_active|RCU used|no locks held|\d{1,4} locks? held|Showing all locks|context-|INFO: lockdep is turned off|INFO: Slab|INFO: Object|INFO: Allocated|INFO: Freed|Preemption disabled|in_atomic|preempt_count|RCU nest depth|turning off|you didn't|the code is fine|Read of size|Write of size|Free of addr|Allocated by|Freed by|Last potentially|Second to last|The buggy address|Memory state around|page:|page dumped|flags:|raw:|page_owner|page last|page_type|memcg:|head:|Uninit was|Local variable|Bytes |Memory access|Data copied|Reported by|value changed|read |write |read-write |race at|assert |index |shift |signed |unsigned |load of|member access|left shift|negation|division|addition|multiplication|\"echo 0|rcu: |workqueue |pool |in-flight|pending|delayed|inactive|Showing |\d{1,6} locks? |Object |Redzone|Padding|Slab |FIX |KASAN: |#PF: |note: |systemd-coredump|list_add|list_del|refcount_t|------|=====|-----|\*\*\*\*|---\[|Kernel panic|\.\.|kthread|Disabling lock debugging|comm |hex dump|backtrace|unreferenced|\(sampled|clocksource|lock: |owner|possible reason|Possible|Unwind|unwind|Exception stack|Unable to handle|Hint|It is|DR\d|CR\d|[cdefgs]s|FS|CS|CR2|x\d{1,2}\s*:|r\d{1,2}\s*:|[A-Z][A-Z0-9]{1,3}: |[A-Z]\d{1,2}: )/,
  /^[0-9a-f]{8,16}:? /, // memory dump
  /^>[0-9a-f]{8,16}/,
  /^\[<[0-9a-f]{4,16}>\]/,
  /^[^\s+]{1,128}\+0x[0-9a-f]{1,8}\/0x[0-9a-f]{1,8}/, // an unindented frame
  /^\S{1,64}[/:]\d{1,10} (?:is |just |has )/, // `comm/pid is trying to acquire lock:`
  /^-> #\d/,
  /^\(.{1,200}\)\{/,
  /^[0-9a-f]{8,16} \(.{1,200}\)\{/,
  /\{[-+.?]{4,12}\}/, // a lock with its usage bits
  /^WARNING: (?:Nested lock|lock held)/,
];

/** True when a line looks like the inside of a report. */
export const isBody = (body: string): boolean => SHAPES.some((re) => re.test(body));

/** Lines after which the kernel says nothing more of this report (but perhaps panics because of it). */
export const isLast = (body: string): boolean =>
  /^---\[ end (?:trace|Kernel panic)|^={40,100}\s*$/.test(body);

/** Banner lines that stand above a header: they carry no meaning, only attention. */
export const isBanner = (body: string): boolean => /^[=\-*]{10,100}\s*$/.test(body) || body.trim() === '';
