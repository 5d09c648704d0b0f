import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../process/json.ts';
import type { Kernel } from '../types.ts';

/** The part of `kernels/HASH/kernel.json` (store.ts) that says what the kernel was made from. */
const Origin = z.object({
  /** `base`, or the candidate's name. */
  label: z.string(),
  tree: z.object({ id: z.string(), hash: z.string() }),
});

export type KernelOrigin = z.infer<typeof Origin>;

/** What a stored kernel was made from; null when its record cannot be read. */
export const kernelOrigin = (kernel: Kernel): Promise<KernelOrigin | null> =>
  readJson(path.join(kernel.dir, 'kernel.json'), Origin);
