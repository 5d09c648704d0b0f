/**
 * Functions that carry out somebody else's order, so that the fault is better named after their caller.
 * Grouped by where they are in the kernel; regular expressions of whole symbols, without compiler suffixes.
 */
/** kernel/panic.c, lib/bug.c, lib/dump_stack.c; traps.c and fault.c of the architectures */
const REPORTING = String.raw`
  (__)?dump_stack(_lvl)? (__)?show_stack dump_backtrace walk_stackframe unwind_backtrace dump_header
  print_\w+ show_regs (__)?panic panic_saved_regs nmi_panic check_panic_on_warn __warn __warn_printk
  warn_slowpath_\w+ warn_alloc warn_bogus_irq_restore report_bug\w* fixup_bug handle_bug handle_invalid_op
  exc_\w+ asm_exc_\w+ asm_common_interrupt do_trap do_error_trap do_invalid_op invalid_op
  do_general_protection general_protection do_page_fault page_fault do_double_fault double_fault df_debug
  do_divide_error divide_error error_entry bad_area\w* __bad_area\w* no_context oops_\w+ die __die die_\w+
  bug_handler brk_handler call_break_hook do_debug_exception program_check_exception
  program_check_common\w* do_mem_abort do_\w+_fault __do_\w+_fault
  el\d+_(sync|irq|fiq|abort|da|ia|dbg|error|interrupt|undef|undefinstr|bti|fpac|inv|pc)\w*
  el1h_64_sync(_handler)? el1h_64_irq(_handler)? arm64_notify_die kernel_bad_stack handle_stack_overflow
  __stack_chk_fail fortify_panic __fortify_panic __fortify_report usercopy_abort usercopy_warn
  report_usercopy assertfail __reiserfs_panic __ext4_\w*error\w* rust_begin_unwind rust_helper_BUG
  skb_panic skb_over_panic skb_under_panic refcount_error_report
`;

/** mm/kasan, mm/kmsan, kernel/kcsan, mm/kfence, lib/ubsan.c, lib/debugobjects.c, lib/stackdepot.c, lib/fault-inject.c */
const SANITIZERS = String.raw`
  \w*kasan\w* __asan_\w+ __hwasan_\w+ hwasan_\w+ \w*kmsan\w* __msan_\w+ \w*kcsan\w* __tsan_\w+ \w*ubsan\w*
  \w*kfence\w* __sanitizer_\w+ check_memory_region\w* kcov_\w+ kmemleak_\w+ create_object __create_object
  stack_trace_\w+ save_stack\w* __save_stack\w* stack_depot_\w+ __stack_depot_\w+ arch_stack_walk
  should_fail\w* fail_dump debug_print_object debug_object_\w+ __debug_object_\w+ debug_check_no_obj_freed
  __debug_check_no_obj_freed timer_is_static_object lookup_object_or_alloc debug_smp_processor_id
  check_preemption_disabled __this_cpu_preempt_check ___?might_sleep __might_\w+ might_\w+ __cant_\w+
  __schedule_bug __x86_indirect_thunk_\w+ perf_trace_\w+ trace_event_raw_\w+ __traceiter_\w+
`;

/** kernel/locking, lib/percpu-refcount.c; lock wrappers of subsystems that are called like primitives */
const LOCKING = String.raw`
  \w*lockdep\w* (__)?lock_acquire (__)?lock_release lock_is_held\w* __lock_is_held (__)?lock_set_class
  lock_downgrade lock_acquired lock_contended register_lock_class assign_lock_key look_up_lock_class
  mark_\w*lock\w* mark_usage validate_chain
  check_\w*(deadlock|prev_add|prevs_add|noncircular|irq_usage|usage|wait_context|flags)\w*
  reacquire_held_locks spin_dump spin_bug rwlock_bug debug_check_no_locks_\w+ trace_(hard|soft)irqs_\w+
  find_held_lock queued_\w*lock\w* native_queued_\w+ __pv_queued_\w+ pv_\w* osq_lock mcs_\w+
  _?_?raw_\w*(lock|unlock|trylock)\w* do_raw_\w+ (__)?spin_(lock|unlock|trylock)\w* _spin_\w+
  (__)?read_(lock|unlock)\w* (__)?write_(lock|unlock)\w* (__)?mutex_\w+ __?mutex_\w+ (__)?ww_mutex_\w+
  (__)?rt_mutex_\w+ __rt_spin_\w+ rt_spin_\w+ (__)?down (__)?up
  (__)?down_(read|write|interruptible|killable|timeout|trylock|common|\w*nested)\w* (__)?up_(read|write)\w*
  call_rwsem_\w+ rwsem_\w+ __rwsem_\w+ percpu_(down|up)_\w+ __percpu_(down|up)_\w+
  __local_bh_(enable|disable)_ip local_bh_\w+ _local_bh_\w+ seqcount_\w+ reiserfs_write_lock\w*
  __down_trylock_console_sem \w*rq_lock\w* task_rq_\w+ __?lock_page\w* (__)?lock_folio\w* \w*fdatawait\w*
`;

/** mm/slab_common.c, mm/slub.c, mm/page_alloc.c, mm/vmalloc.c, mm/util.c, mm/percpu.c */
const MEMORY = String.raw`
  \w*kmalloc\w* k[zc]alloc\w* \w*krealloc\w* kv[mz]alloc\w* __kvmalloc\w* \w*vmalloc\w* vzalloc\w* __vunmap
  (__)?kfree(_\w+)? k?vfree(_\w+)? kmem_\w+ __kmem_\w+ slab_\w+ __slab_\w+ ___slab_\w+ ____cache_\w+
  do_slab_\w+ object_err free_to_partial_list on_freelist (free|alloc)_debug_processing check_(object|slab|bytes_and_report) fallback_alloc free_large_kmalloc kmemdup\w* memdup_user\w* kstrdup\w* kasprintf kvasprintf
  alloc_pages\w* __alloc_pages\w* __alloc_frozen_pages\w* alloc_page_\w+ get_page_from_freelist
  prep_new_page post_alloc_hook __free_pages\w* free_pages\w* __get_free_pages kmap_\w+ kunmap_\w+ pcpu_\w+
  __alloc_percpu\w* free_percpu mempool_(alloc|free)\w*
`;

/** lib/string.c, lib/vsprintf.c, lib/usercopy.c, lib/iov_iter.c, lib/list_debug.c, lib/rbtree.c, lib/xarray.c, lib/refcount.c, printk */
const DATA = String.raw`
  (__)?mem(cpy|move|set|cmp|chr|scan|chr_inv)\w* (__)?str[a-z]{2,12} __pi_\w+ v?s[nc]?n?printf string
  string_nocheck pointer number format_decode bitmap_string printk _printk vprintk\w*
  _?dev_(emerg|alert|crit|err|warn|notice|info|printk|vprintk)\w* __dev_printk
  netdev_(emerg|alert|crit|err|warn|notice|info|printk) __netdev_printk seq_v?printf
  \w*copy_(to|from)_(user|iter)\w* _copy_\w+ copy_user_\w+ raw_copy_\w+ copy(in|out)
  copy_page_(to|from)_iter simple_copy_to_iter __check_object_size check_\w+_object __check_heap_object
  hlist_\w+ klist_\w+ llist_\w+ plist_\w+ xa_\w+ __xa_\w+ xas_\w+ crc_?\w* test_and_\w+ test_bit
  (__)?(set|clear|change)_bit variable_test_bit constant_test_bit atomic\w* arch_atomic\w* _atomic_\w+
  (__)?refcount_(add|dec|inc|sub|set|read|warn|error)\w* kref_\w+ ref_tracker_\w+ __raw_(read|write)\w+ logic_(in|out)\w+ read[bwlq]
  write[bwlq] in[bwl] out[bwl] instrument_\w+ __phys_addr\w* __virt_to_phys lockref_\w+ bit_spin_\w+
  (__)?list_(add|del|replace|move|splice)\w* (__)?rb_(erase|insert|first|next|prev|last|replace)\w*
`;

/** lib/kobject.c, drivers/base, fs/sysfs, fs/inode.c, fs/dcache.c, net/core/skbuff.c: objects and their life */
const OBJECTS = String.raw`
  kobject_\w+ __kobject_\w+ add_uevent_var get_device_parent
  device_(add|del|register|unregister|release|destroy|create|initialize|attach|for_each_child|release_driver\w*|links_\w+)
  __device_\w+ devres_\w+ release_nodes dpm_sysfs_\w+ sysfs_(remove|create|add|do_create|delete)\w*
  __unregister_client i2c_del_adapter tty_(un)?register_device\w* usb_(kill|poison|unlink)_urb
  usb_kill_anchored_urbs hwrng_unregister kthread_stop rollback_registered\w*
  unregister_netdevice(_queue|_many\w*) (drop|inc|set|clear)_nlink __?brelse dput fast_dput iput iput_final
  mark_buffer_dirty folio_(unlock|put|end_\w+|wait\w*|lock\w*) __folio_\w+ unlock_page
  truncate_inode_pages\w* find_lock_entries skb_(push|put|pull|trim|over\w*) __skb_(push|put|pull)
  kfree_skb\w* __kfree_skb
`;

/** kernel/sched, kernel/workqueue.c, kernel/time, kernel/rcu */
const WAITING = String.raw`
  (__)?schedule schedule_(timeout\w*|preempt_disabled|hrtimeout\w*|idle|tail) preempt_schedule\w*
  ___preempt_schedule\w* io_schedule\w* msleep\w* ssleep usleep_range\w* fsleep context_switch
  __switch_to\w* __cond_resched _cond_resched wait_for_\w*completion\w* __wait_for_common
  do_wait_for_common wait_for_common wait_on_\w+ __wait_on_\w+ out_of_line_wait_\w+ bit_wait\w*
  __wait_rcu_gp _?synchronize_net finish_wait prepare_to_wait\w* add_wait_queue_\w* __wake_up\w*
  wake_up(_(interruptible|poll|all|bit|var|process|state|locked|q)\w*)? try_to_wake_up
  default_wake_function autoremove_wake_function complete complete_all swake_up\w*
  do_read_cache_(page|folio) (__)?flush_work\w* drain_workqueue flush_delayed_work
  (__)?cancel_(delayed_)?work\w* try_to_grab_pending (__)?queue_(delayed_)?work\w* insert_work __queue_\w+
  mod_delayed_work\w* del_timer\w* timer_delete\w* try_to_del_timer_\w+ (__)?mod_timer\w* lock_timer_base
  add_timer\w* hrtimer_(start|cancel|try_to_cancel|init)\w* kvfree_call_rcu
  rcu_(is_watching|read_lock\w*|read_unlock\w*|lockdep\w*|note_\w+|dynticks\w*) tasklet_(kill|schedule)\w*
  irq_work_\w+
`;

const whole = (...groups: string[]): RegExp =>
  new RegExp(`^(?:${groups.flatMap((g) => g.trim().split(/\s+/)).join('|')})$`);

/** Never a fault's name, whatever the kind of report. */
export const BYSTANDER = whole(REPORTING, SANITIZERS, LOCKING, MEMORY, DATA, OBJECTS, WAITING);

/**
 * Functions that call what somebody registered: syscall entry, ioctl and socket dispatch, packet receive,
 * timers, work items, threads. In a stall the loop may be in any function above; the one that the
 * dispatcher called is what the loop is known by.
 */
export const DISPATCHER = whole(String.raw`
  do_syscall_\w+ x64_sys_call ia32_sys_call do_fast_syscall_32 __do_fast_syscall_32 do_int80_syscall_32
  do_int80_emulation entry_\w+ invoke_syscall el0_svc\w* el0t_64_sync\w* ret_fast_syscall
  __sys_trace_return system_call\w* __do_syscall do_trap_ecall_u int_ret_from_sys_call
  syscall_return_slowpath do_compat_syscall_32 do_vfs_ioctl vfs_ioctl ksys_ioctl
  __(se|do)_(compat_)?sys_ioctl \w*[sS]y[sS]C?_ioctl vfs_read vfs_write __vfs_read __vfs_write vfs_readv
  vfs_writev new_sync_read new_sync_write call_(read|write)_iter do_iter_readv_writev do_iter_(read|write)
  do_loop_readv_writev vfs_iter_\w+ vfs_splice_read do_splice_(to|from) __kernel_(read|write)
  kernel_(read|write) vfs_fsync_range sock_sendmsg\w* __sock_sendmsg sock_(write|read)_iter sock_ioctl
  sock_do_ioctl ____sys_sendmsg ___sys_sendmsg \w+_compat_ioctl __sys_(set|get)sockopt
  do_sock_(set|get)sockopt __netif_receive_skb\w* deliver_skb deliver_ptype_list_skb netif_receive_skb\w*
  rtnetlink_rcv_msg nfnetlink_rcv_msg call_timer_fn expire_timers tasklet_action\w* irq_poll_softirq
  blk_done_softirq process_one_work worker_thread kthread ret_from_fork\w* task_work_run smpboot_thread_fn
  vfs_get_tree legacy_get_tree mount_fs mount_bdev get_tree_bdev do_dentry_open do_one_initcall exec_binprm
  search_binary_handler __handle_irq_event_percpu handle_irq_event_percpu smp_call_function\w*
  cpu_startup_entry start_secondary __do_softirq handle_softirqs __hrtimer_run_queues __run_hrtimer
  hrtimer_run_softirq __fput
`);

/** Entry of the interrupt in which a stall was noticed: what was running stands below it. */
export const INTERRUPT_ENTRY = whole(String.raw`
  apic_timer_interrupt smp_(trace_)?apic_timer_interrupt_entry\w* asm_sysvec_\w+ asm_common_interrupt
  el1_irq el1h_64_irq __irq_svc ret_from_intr common_interrupt ret_from_exception timer_interrupt
  decrementer_common\w* handle_\w*irq_exit
`);

/** Compilers add these to symbols of clones: `foo.isra.0.cold`. */
export const plain = (symbol: string): string =>
  symbol.replace(/\.(?:isra|part|constprop|cold|llvm|clone|lto_priv|cfi|cfi_jt)\b.*$/, '');

export interface Names {
  /** The name that all variants of the function share. */
  readonly name: string;
  /** The variants that syzkaller lists as alternatives. */
  readonly others: readonly string[];
}

/** One name for a function that architectures, ABIs or kernel versions name differently. */
export function names(symbol: string): Names {
  const func = plain(symbol);
  const entry = /^__(?:x64|ia32|arm64|s390x?|riscv|powerpc|mips|loongarch)_(?:compat_)?(sys_\w+)$/.exec(func);
  if (entry !== null) return { name: entry[1] ?? func, others: [func] };
  const inner = /^__(?:se|do)_(?:compat_)?sys_(\w+)$/.exec(func);
  if (inner !== null) return { name: inner[1] ?? func, others: [func, `sys_${inner[1]}`] };
  const old = /^(?:compat_)?SyS(?:C)?_(\w+)$|^(?:compat_)?SYSC_(\w+)$/.exec(func);
  if (old !== null) return { name: old[1] ?? old[2] ?? func, others: [func] };
  if (/^synchronize_(?:rcu|sched)_\w+$|^synchronize_sched$/.test(func))
    return { name: 'synchronize_rcu', others: [func] };
  if (/^smp_call_function_\w+$/.test(func)) return { name: 'smp_call_function', others: [func] };
  return { name: func, others: [] };
}
