import { copyFile, mkdir } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import path from 'node:path';
import type { Image } from '../vm/image/image.ts';
import type { Kernel } from '../vm/kernel/index.ts';
import type { GuestShape } from '../vm/qemu/args.ts';
import { type BootRequest, bootGuest } from '../vm/qemu/boot.ts';
import type { GuestBootError } from '../vm/qemu/boot-error.ts';
import { twice } from '../vm/qemu/second-try.ts';
import { forkSnapshot, type Snapshot } from '../vm/qemu/snapshot.ts';
import {
  type SnapshotRequest,
  SnapshotSpaceError,
  SnapshotStore,
  type Unavailable,
} from '../vm/qemu/snapshot-store.ts';
import type { GuestSource } from './guest-source.ts';
import type { Suite } from './suite.ts';
import { preparation, prepareGuest } from './test-guest.ts';

export interface SourceRequest {
  readonly kernel: Kernel;
  readonly suite: Suite;
  readonly shape: GuestShape;
  readonly image: Image;
  readonly commandLine: string;
  /** What all deadlines are multiplied by; 1 by default. */
  readonly timeScale?: number | undefined;
  /** Each guest gets a directory of its own below it. */
  readonly directory: string;
  /** The tmpfs that snapshots are kept on, /dev/shm by default. */
  readonly snapshots?: string;
  readonly onNotice: (message: string) => void;
  /** A guest did not boot, and is booted again; the evidence of its first boot stays where it is. */
  readonly onSecondTry?: (first: GuestBootError) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Emulation is slow and its host may be busy: this is for guests that will never come, not for slow ones. */
const bootDeadlineMs = 90_000;
const forkDeadlineMs = 40_000;

/**
 * How many virtual processors may run on each of the host's: tests wait for their own pauses much of
 * the time, and a second guest uses them.
 */
const overcommit = 2;

/** Guests that are booted from power-on and serve until a test has spoilt them. */
export function bootSource(request: SourceRequest): GuestSource {
  return {
    onePerCell: false,
    width: 1,
    async fresh(name) {
      const guest = await bootTwice(request, bootRequest(request, name), (boot) =>
        bootGuest(boot, request.signal),
      );
      try {
        await prepareGuest(guest, request.suite, request.signal);
        return guest;
      } catch (error) {
        await guest[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}

/**
 * Guests that are forks of one booted guest, one for each cell. Where no snapshot can be kept it
 * falls back to booting, and says so.
 *
 * @throws GuestBootError when the guest that is to be forked does not boot
 */
export async function forkSource(request: SourceRequest): Promise<GuestSource> {
  const booted = await snapshotFor(request);
  if ('unavailable' in booted) {
    request.onNotice(`no forks, a guest is booted for each group of tests instead: ${booted.unavailable}`);
    return bootSource(request);
  }
  const { snapshot, directory } = booted;
  // The boot that all forks share may have been an earlier run's: its console is evidence of this one too.
  const bootConsole = path.join(directory, 'console.log');
  await mkdir(path.dirname(bootConsole), { recursive: true });
  await copyFile(snapshot.console, bootConsole);
  return {
    bootConsole,
    onePerCell: true,
    width: widthFor(request.shape),
    fresh: (name) =>
      forkSnapshot(snapshot, {
        directory: path.join(request.directory, name),
        deadlineMs: forkDeadlineMs * (request.timeScale ?? 1),
        signal: request.signal,
      }),
  };
}

/** A snapshot, and the run's directory for the boot that it comes from: not that of a first boot that failed. */
interface Booted {
  readonly snapshot: Snapshot;
  readonly directory: string;
}

async function snapshotFor(request: SourceRequest): Promise<Booted | Unavailable> {
  const store = await SnapshotStore.open(request.snapshots);
  if ('unavailable' in store) return store;
  const wanted = snapshotRequest(request);
  try {
    return await bootTwice(request, wanted.boot, async (boot) => {
      const { snapshot } = await store.obtain({ ...wanted, boot }, request.signal);
      return { snapshot, directory: boot.directory };
    });
  } catch (error) {
    if (!(error instanceof SnapshotSpaceError)) throw error;
    return { unavailable: error.message };
  }
}

/** Boots, once more where that fails without a panic, and tells of it. */
const bootTwice = <T>(
  { onNotice, onSecondTry }: SourceRequest,
  wanted: BootRequest,
  boot: (request: BootRequest) => Promise<T>,
): Promise<T> =>
  twice(wanted, boot, (first) => {
    onNotice(`a guest did not boot and gets a second try: ${first.short}; evidence: ${wanted.directory}`);
    onSecondTry?.(first);
  });

/** How many guests of a shape the processors and the free memory of this machine bear, at least one. */
function widthFor({ vcpus, memoryMiB }: GuestShape): number {
  const byProcessors = Math.floor((overcommit * availableParallelism()) / vcpus);
  // A fork that writes to all of its memory has all of it to itself; QEMU takes about 100 MiB besides.
  const byMemory = Math.floor(freemem() / 2 ** 20 / 2 / (memoryMiB + 100));
  return Math.max(1, Math.min(byProcessors, byMemory));
}

/** The snapshot that all forks of a kernel with a suite's programs come from. */
export const snapshotRequest = (request: SourceRequest): SnapshotRequest => ({
  boot: bootRequest(request, 'snapshot'),
  // Programs of equal content under other names are other programs.
  identity: [
    preparation,
    request.suite.prepare ?? '',
    request.kernel.hash,
    ...request.suite.programs.flatMap(({ name, sha256 }) => [name, sha256]),
  ],
  prepare: (guest) => prepareGuest(guest, request.suite, request.signal),
});

/** How one guest of a source is booted. */
export const bootRequest = (request: SourceRequest, name: string): BootRequest => ({
  shape: request.shape,
  vmlinux: request.kernel.vmlinux,
  image: request.image,
  commandLine: request.commandLine,
  directory: path.join(request.directory, name),
  bootDeadlineMs: bootDeadlineMs * (request.timeScale ?? 1),
});
