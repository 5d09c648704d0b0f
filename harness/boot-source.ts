import path from 'node:path';
import type { Image } from '../vm/image/image.ts';
import type { Kernel } from '../vm/kernel/index.ts';
import type { GuestShape } from '../vm/qemu/args.ts';
import { bootGuest } from '../vm/qemu/boot.ts';
import { GuestBootError } from '../vm/qemu/boot-error.ts';
import type { Guest } from '../vm/qemu/guest.ts';
import type { GuestSource } from './cells.ts';
import type { Suite } from './suite.ts';
import { pushSuite } from './test-guest.ts';

export interface BootSourceRequest {
  readonly kernel: Kernel;
  readonly suite: Suite;
  readonly shape: GuestShape;
  readonly image: Image;
  readonly commandLine: string;
  /** Each guest gets a directory of its own below it. */
  readonly directory: string;
  readonly signal?: AbortSignal;
}

/** Emulation is slow and its host may be busy: this is for guests that will never come, not for slow ones. */
const bootDeadlineMs = 90_000;

/** Guests that are booted from power-on, one for each call. */
export function bootSource(request: BootSourceRequest): GuestSource {
  return {
    async fresh(name) {
      const guest = await bootTwice(request, path.join(request.directory, name));
      try {
        await pushSuite(guest, request.suite, request.signal);
      } catch (error) {
        await guest[Symbol.asyncDispose]();
        throw error;
      }
      return guest;
    },
  };
}

/** A boot that fails without a panic may be the host's fault, so it gets a second chance. */
async function bootTwice(request: BootSourceRequest, directory: string): Promise<Guest> {
  const boot = (target: string): Promise<Guest> =>
    bootGuest(
      {
        shape: request.shape,
        vmlinux: request.kernel.vmlinux,
        image: request.image,
        commandLine: request.commandLine,
        directory: target,
        bootDeadlineMs,
      },
      request.signal,
    );
  try {
    return await boot(directory);
  } catch (error) {
    if (!(error instanceof GuestBootError) || error.panic !== undefined || error.failure.stage === 'qemu')
      throw error;
    return await boot(`${directory}-second-try`);
  }
}
