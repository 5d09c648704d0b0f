import { RingtrialError } from '../../common/errors.ts';
import type { Guest } from './guest.ts';

/** QEMU does not let gdb in. */
export class GdbStubError extends RingtrialError {
  readonly code = 'GDB_STUB';
}

/** Of a socket's address (unix(7), sun_path), less the byte that ends it. */
const longestPath = 107;

/**
 * Stops a guest's processors and has QEMU wait for gdb on a unix socket: who may enter its directory may debug the
 * guest, nobody else. Time stands still in the guest until gdb lets it go on.
 *
 * @throws GdbStubError when QEMU refuses
 */
export async function holdForGdb(guest: Pick<Guest, 'qmp'>, socket: string): Promise<void> {
  if (Buffer.byteLength(socket) > longestPath)
    throw new GdbStubError(
      `${socket} is too long for a socket. Point TMPDIR at a directory with a shorter name.`,
    );
  await guest.qmp.command('stop');
  // QEMU takes a comma in a value when it is doubled; the monitor takes quoted strings.
  const device = `unix:${socket.replaceAll(',', ',,')},server=on,wait=off`;
  const answer = await guest.qmp.human(`gdbserver "${device.replaceAll(/["\\]/g, '\\$&')}"`);
  if (!answer.includes('Waiting for gdb')) throw new GdbStubError(`QEMU lets no gdb in: ${answer.trim()}`);
}
