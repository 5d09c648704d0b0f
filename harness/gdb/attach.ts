import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../vm/kernel/index.ts';
import { holdForGdb } from '../../vm/qemu/gdb-stub.ts';
import type { Guest } from '../../vm/qemu/guest.ts';
import type { DebugFiles } from './debug-files.ts';
import { gdbCommand, gdbScript } from './script.ts';

/**
 * Stops an open guest until gdb lets it go on.
 *
 * @returns the command that starts gdb, connects it, and loads the kernel's symbols
 * @throws GdbStubError
 */
export async function waitForGdb(
  { guest, directory }: { readonly guest: Pick<Guest, 'qmp'>; readonly directory: string },
  kernel: Pick<Kernel, 'vmlinux'>,
  debug: DebugFiles,
): Promise<string> {
  const socket = path.join(directory, 'gdb');
  const script = path.join(directory, 'attach.gdb');
  await writeFile(script, gdbScript({ debug, socket }));
  await holdForGdb(guest, socket);
  return gdbCommand(script, kernel.vmlinux);
}
