import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CpioEntry, directory, file } from '../image/cpio.ts';
import { type Image, writeInitrd } from '../image/image.ts';
import { type GuestKeys, makeGuestKeys } from '../ssh/keys.ts';
import { type GuestShape, guestArgs, guestCommandLine, qemuProgram, type SharedMemory } from './args.ts';
import { SerialConsole } from './console.ts';
import { Guest } from './guest.ts';
import { waitForLogin } from './login.ts';
import { mostPatientMs } from './patience.ts';
import { QemuProcess } from './process.ts';

/** What to boot, and where its evidence goes. */
export interface BootRequest {
  readonly shape: GuestShape;
  /** An ELF kernel with a PVH note (CONFIG_PVH): QEMU enters it directly, no bzImage is made. */
  readonly vmlinux: string;
  readonly image: Image;
  /** The profile's kernel parameters. */
  readonly commandLine: string;
  /** Gets console.log, qemu.stderr and command.json; created 0700. */
  readonly directory: string;
  /** From QEMU's start to the first SSH login. */
  readonly bootDeadlineMs: number;
  /** Where the guest's RAM lies, when forks are to be made of it. */
  readonly memory?: SharedMemory;
}

/**
 * Boots a kernel until a command can be run in it.
 *
 * @throws GuestBootError saying how far it came; QemuMissingError; the signal's reason
 */
export async function bootGuest(request: BootRequest, signal?: AbortSignal): Promise<Guest> {
  const started = performance.now();
  const keys = makeGuestKeys();
  await mkdir(request.directory, { recursive: true, mode: 0o700 });
  const initrd = path.join(request.directory, 'initrd');
  await writeInitrd(request.image, keyEntries(keys), initrd);
  try {
    const args = guestArgs(request.shape, {
      files: { vmlinux: request.vmlinux, initrd },
      commandLine: guestCommandLine(request.commandLine),
      memory: request.memory,
    });
    await writeCommand(request.directory, args);
    signal?.throwIfAborted();
    const process = await QemuProcess.start(args, request.directory);
    const console = new SerialConsole(process.console, path.join(request.directory, 'console.log'));
    // The deadline is waitForLogin's, which ends QEMU and so this wait.
    const ready = console.waitFor('ringtrial: READY', mostPatientMs(request.bootDeadlineMs));
    const { ssh, port } = await waitForLogin({
      process,
      console,
      keys,
      directory: request.directory,
      deadlineMs: request.bootDeadlineMs,
      signal,
      async start(reached) {
        reached('kernel');
        if (!(await ready)) throw new Error('the guest never said READY');
      },
    });
    const { directory, shape } = request;
    const bootMs = performance.now() - started;
    return new Guest({ directory, shape, process, console, keys, ssh, port, bootMs, origin: 'boot' });
  } finally {
    // The keys are in it, and QEMU has read it long before anybody can log in.
    await rm(initrd, { force: true });
  }
}

/** Keeps the exact command beside the evidence. */
export const writeCommand = (directory: string, args: readonly string[]): Promise<void> =>
  writeFile(path.join(directory, 'command.json'), `${JSON.stringify([qemuProgram, ...args], null, 2)}\n`);

const keyEntries = (keys: GuestKeys): CpioEntry[] => [
  file('etc/dropbear/host_key', keys.hostKey, 0o600),
  directory('root/.ssh', 0o700),
  file('root/.ssh/authorized_keys', Buffer.from(keys.authorizedKey), 0o600),
];
