import { type DebugFiles, debugFiles, usualObjects } from '../harness/gdb/debug-files.ts';
import type { Kernel } from '../vm/kernel/index.ts';

export interface SymbolOptions {
  readonly gdbObjects?: readonly string[] | undefined;
  readonly patch?: string | undefined;
}

/** Compiles what gdb needs to show source lines, and says what it will not show. */
export async function symbolsFor(
  kernel: Kernel,
  { gdbObjects, patch }: SymbolOptions,
  signal: AbortSignal,
): Promise<DebugFiles> {
  const debug = await debugFiles({
    kernel,
    objects: gdbObjects ?? usualObjects,
    patch,
    onNotice: notice,
    signal,
  });
  for (const { object, why } of debug.leftOut) notice(`no source lines for ${object}: ${why}`);
  return debug;
}

/** A line for people, on standard error. */
export const notice = (message: string): void => void process.stderr.write(`ringtrial: ${message}\n`);
