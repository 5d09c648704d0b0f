import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RingtrialError } from '../common/errors.ts';
import { guestImage } from '../vm/image/image.ts';
import { loadProfile } from '../vm/kernel/index.ts';
import { type AcceleratorChoice, chooseAccelerator } from '../vm/qemu/accel.ts';
import type { Machine } from '../vm/qemu/args.ts';
import type { Guest } from '../vm/qemu/guest.ts';
import type { FoundKernel } from './find-kernel.ts';
import { forkSource } from './guest-sources.ts';
import { examineNeeds } from './host/doctor.ts';
import { HostNotReadyError, packagesFor } from './host/fix.ts';
import { loadSuite } from './suite.ts';

export interface OpenOptions {
  readonly accel?: AcceleratorChoice | undefined;
  readonly machine?: Machine | undefined;
  readonly onNotice?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A guest of a built kernel, for a person or a single command, and the directory that goes with it. */
export interface OpenGuest extends AsyncDisposable {
  readonly guest: Guest;
  /** Only this user may enter it; it goes with the guest. */
  readonly directory: string;
}

/**
 * Forks (or, the first time, boots) a guest of a kernel with its suite's programs in /tests.
 *
 * @throws HostNotReadyError where this machine lacks what compiles or runs them
 */
export async function openGuest(found: FoundKernel, options: OpenOptions): Promise<OpenGuest> {
  try {
    return await open(found, options);
  } catch (cause) {
    // Looking beforehand would take as long as the guest does.
    const missing = cause instanceof RingtrialError ? packagesFor(await examineNeeds()) : [];
    if (missing.length === 0) throw cause;
    throw new HostNotReadyError(
      `This machine lacks ${missing.join(', ')}. Run: ringtrial doctor --fix\n${(cause as Error).message}`,
      { cause },
    );
  }
}

async function open({ kernel, suite }: FoundKernel, options: OpenOptions): Promise<OpenGuest> {
  const profile = await loadProfile(kernel.profile);
  const accelerator = await chooseAccelerator(options.accel ?? 'auto');
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-guest-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const source = await forkSource({
    kernel,
    suite: await loadSuite(suite, options.signal, { kernel: kernel.version }),
    shape: {
      machine: options.machine ?? 'microvm',
      accelerator: accelerator.name,
      vcpus: profile.vcpus,
      memoryMiB: profile.memoryMiB,
    },
    image: await guestImage(options.signal),
    commandLine: profile.commandLine,
    directory,
    onNotice: options.onNotice ?? (() => {}),
    signal: options.signal,
  });
  const guest = stack.use(await source.fresh('guest'));
  const owned = stack.move();
  return { guest, directory, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
