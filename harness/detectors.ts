import { readFile } from 'node:fs/promises';
import type { Kernel } from '../vm/kernel/index.ts';

/** What a kernel was built to notice by itself, and must therefore be asked about after each test. */
export interface Detectors {
  /** Its silence must be explained: lockdep turns itself off after its first report. */
  readonly lockdep: boolean;
  /** It speaks only when it is told to scan. */
  readonly kmemleak: boolean;
}

export async function detectorsOf(kernel: Kernel): Promise<Detectors> {
  const config = await readFile(kernel.config, 'utf8');
  const has = (option: string): boolean => new RegExp(`^CONFIG_${option}=y$`, 'm').test(config);
  return { lockdep: has('LOCKDEP'), kmemleak: has('DEBUG_KMEMLEAK') };
}
