/** What a kind of report means, and what usually fixes it. */
export interface Meaning {
  readonly meaning?: string;
  readonly fix?: string;
}

/** By the first expression that fits the kind. */
const MEANINGS: readonly (readonly [kind: RegExp, meaning: string, fix?: string])[] = [
  [
    /^kasan\.dfree|^kfence\.free/,
    'Memory was freed that was no longer (or never) allocated.',
    'Usual fix: let one owner free it, and clear or drop the other pointers first.',
  ],
  [
    /^kasan\.uaf|^kfence\.uaf/,
    'Memory was used after it had been freed: somebody kept a pointer without a reference.',
    'Usual fix: take a reference with the pointer, or wait for all users (a grace period, a flush) before freeing.',
  ],
  [
    /^kasan|^kfence/,
    'Memory outside of the object at hand was touched.',
    'Usual fix: check the index or length against the size that was allocated.',
  ],
  [
    /^kmsan/,
    'A decision or a copy to user space depends on memory that nobody had written.',
    'Usual fix: initialise the whole object, its padding included.',
  ],
  [
    /^kcsan/,
    'Two contexts access the same memory at the same time, at least one writes, and neither says that this is meant.',
    'Usual fix: take the lock that protects it, or mark both sides: READ_ONCE(), WRITE_ONCE(), atomics.',
  ],
  [/^ubsan/, 'The C standard leaves open what this operation does.'],
  [
    /^kmemleak/,
    'Nothing in memory points to this allocation any more, and it was not freed.',
    'Usual fix: look at the error paths after the allocation.',
  ],
  [
    /^refcount/,
    'A reference count went where it must not: a get or put too many or too few.',
    'Usual fix: pair every get with one put; use refcount_inc_not_zero() where the last put may come first.',
  ],
  [
    /^list/,
    'A linked list does not link: an element was removed twice, added twice, or freed while on the list.',
    'Usual fix: hold the lock of the list for every change, and take the element off before freeing it.',
  ],
  [
    /^odebug/,
    'An object (timer, work, rcu head) was freed or set up anew while still in use.',
    'Usual fix: cancel it, and wait for it, before freeing what it lies in.',
  ],
  [
    /^slub/,
    'The allocator found one of its objects overwritten, freed twice, or left behind.',
    'Usual fix: look at who allocated and freed the object (the report lists both with slab_debug=U).',
  ],
  [
    /^sched\.(?:sleep|atomic|rcu|non-?block)/,
    'Code that may sleep ran where sleeping is forbidden: under a spinlock, in an interrupt, or in an RCU read section.',
    'Usual fix: do the sleeping part before or after the atomic section, or allocate with GFP_ATOMIC there.',
  ],
  [
    /^sched\.(?:assume|nonmig)/,
    'Code ran where it can be preempted or moved to another CPU, and was written for places where it cannot.',
    'Usual fix: disable preemption or migration around it, or lift the check if it no longer needs that.',
  ],
  [
    /^sched\.preempt/,
    'A per-CPU value was read where the task may move to another CPU at once.',
    'Usual fix: get_cpu() or this_cpu_*() operations, or raw_smp_processor_id() when any answer will do.',
  ],
  [
    /^rcu/,
    'A CPU or task did not pass a quiescent state for too long: a loop without rescheduling, or a starved CPU.',
    'Usual fix: cond_resched() in the loop, or find out what keeps interrupts off.',
  ],
  [
    /^hung/,
    'A task waits uninterruptibly and nobody wakes it: a deadlock, a lost wake-up, or I/O that never ends.',
    'Usual fix: find who should wake it (the owner of the lock, the completer) and why that one does not go on.',
  ],
  [
    /^(?:soft|hard)lockup/,
    'A CPU ran kernel code for too long without letting anything else run.',
    'Usual fix: bound the loop, or cond_resched() in it.',
  ],
  [
    /^wq\.lockup/,
    'A work item keeps a worker of its pool so busy that the others behind it do not start.',
    'Usual fix: split the work, let it sleep instead of spin, or queue it on a WQ_UNBOUND workqueue.',
  ],
  [
    /^wq\.leak/,
    'A work item returned with a lock held, in an atomic section or in an RCU read section.',
    'Usual fix: look at the early returns of the work function.',
  ],
  [/^wq/, 'A work item keeps its CPU for long; the workqueue takes it off the count of concurrent ones.'],
  [
    /^(?:spinlock|rwlock|rwsem|rtmutex)/,
    'A lock is not as its user thinks: never initialised, overwritten or freed, or released by somebody who does not hold it.',
    'Usual fix: initialise it before first use, and keep what it lies in until the last user is done.',
  ],
  [/^warn/, 'A condition that the code takes for impossible came true.'],
  [/^bug/, 'A condition that the code cannot go on with came true: the task was killed.'],
  [/^oops\.null/, 'A pointer was followed that was NULL (or a small offset from it).'],
  [/^oops\.gpf/, 'An address was used that no pointer can have: often freed or uninitialised memory.'],
  [/^oops\.divide/, 'An integer was divided by zero, or the result did not fit.'],
  [/^oops\.stackguard/, 'The kernel stack overflowed: recursion without end, or too much on the stack.'],
  [/^oops/, 'The CPU met something that it cannot execute or access.'],
  [/^panic|^init/, 'The kernel gave up.'],
  [
    /^bad\.|^pgtables/,
    'The memory manager found its own books wrong.',
    'Usual fix: look for a page that was freed while still used, or counted twice.',
  ],
  [/^alloc/, 'The page allocator had no free block of that size for this kind of request.'],
  [/^oom/, 'Memory ran out, and a process had to die for it.'],
  [
    /^sysfs/,
    'Two objects of one name were registered in one directory.',
    'Usual fix: remove the first one before, or give the second one another name.',
  ],
];

/** What a report of this kind means. */
export function meaningOf(kind: string): Meaning {
  const found = MEANINGS.find(([re]) => re.test(kind));
  if (found === undefined) return {};
  const [, meaning, fix] = found;
  return { meaning, ...(fix === undefined ? {} : { fix }) };
}
