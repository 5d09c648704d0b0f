import { readFile } from 'node:fs/promises';
import type { Kernel } from '../../vm/kernel/index.ts';
import type { CodeChanges } from '../triage/changes.ts';
import type { Trial } from '../trial.ts';
import type { Means } from './list.ts';
import { type PreemptionModel, preemptionModels } from './schedule.ts';

/**
 * Where registration and fixed I/O meet, by the names of all kernels from 5.10 to 7.2. What a kernel lacks, or its
 * compiler put into a caller, is left out.
 */
const usualFunctions = [
  ...['io_import_fixed', 'io_import_reg_buf', 'io_find_buf_node', 'io_prep_rw', 'io_read', 'io_write'],
  ...['io_read_fixed', 'io_write_fixed', 'io_issue_sqe', 'io_wq_submit_work', 'io_queue_iowq'],
  ...['io_complete_rw', 'io_req_rw_complete', 'tctx_task_work', 'io_ring_exit_work'],
  ...['io_sqe_buffers_register', 'io_sqe_buffer_register', 'io_sqe_buffers_unregister', 'io_buffer_unmap'],
  ...['__io_sqe_buffers_unregister', '__io_register_rsrc_update', 'io_rsrc_data_free', 'io_rsrc_node_switch'],
  ...['io_rsrc_ref_quiesce', 'io_rsrc_node_ref_zero', 'io_rsrc_put_work', 'io_free_rsrc_node'],
  ...['io_queue_rsrc_removal', 'io_register_clone_buffers'],
];

/** What a trial's base kernel, its patch and its accelerator allow. */
export async function meansOf(
  { base, shape }: Pick<Trial, 'base' | 'shape'>,
  changes: CodeChanges,
): Promise<Means> {
  const there = new Set((await functionAddresses(base)).keys());
  const changed = changes.functions.map(({ name }) => name).filter((name) => there.has(name));
  return {
    accelerator: shape.accelerator,
    vcpus: shape.vcpus,
    preemption: preemptionOf(await readFile(base.config, 'utf8')),
    functions: { changed: [...new Set(changed)], usual: usualFunctions.filter((name) => there.has(name)) },
  };
}

const symbolOf: Readonly<Record<PreemptionModel, string>> = {
  none: 'PREEMPT_NONE',
  voluntary: 'PREEMPT_VOLUNTARY',
  full: 'PREEMPT',
  lazy: 'PREEMPT_LAZY',
};

/**
 * The preemption models that `preempt=` takes. A kernel with PREEMPT_DYNAMIC (5.12 on) has all those that its
 * configuration could have had: 7.x has `full` and `lazy` only (kernel/Kconfig.preempt, sched_dynamic_mode).
 */
export function preemptionOf(config: string): PreemptionModel[] {
  const mentions = (symbol: string, words: string): boolean =>
    new RegExp(`^(# )?CONFIG_${symbol}(${words})$`, 'm').test(config);
  if (!mentions('PREEMPT_DYNAMIC', '=y')) return [];
  return preemptionModels.filter((model) => mentions(symbolOf[model], '=y| is not set'));
}

/** The functions of a kernel and where they begin. A name that stands for several is left out. */
export async function functionAddresses({
  systemMap,
}: Pick<Kernel, 'systemMap'>): Promise<Map<string, bigint>> {
  const addresses = new Map<string, bigint>();
  const twice = new Set<string>();
  for (const [, address, name] of (await readFile(systemMap, 'utf8')).matchAll(
    /^([0-9a-f]+) [tT] (\S+)$/gm,
  )) {
    if (addresses.has(name ?? '')) twice.add(name ?? '');
    addresses.set(name ?? '', BigInt(`0x${address}`));
  }
  for (const name of twice) addresses.delete(name);
  return addresses;
}
