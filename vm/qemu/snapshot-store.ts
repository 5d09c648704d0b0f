import { createHash, randomUUID } from 'node:crypto';
import {
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { isRunning } from '../../common/process.ts';
import { hasUsers, noteUser } from '../../common/users.ts';
import type { GuestKeys } from '../ssh/keys.ts';
import { guestArgs, guestCommandLine, qemuProgram } from './args.ts';
import { type BootRequest, bootGuest } from './boot.ts';
import type { Guest } from './guest.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

/** Of statfs(2), for tmpfs. */
const tmpfsMagic = 0x01021994;
/** What all kept snapshots together may take of the tmpfs. */
const keptShare = 0.25;
/** A tmpfs with less than this left is full: somebody else may have freed a little since it was. */
const fullBytes = 4 * 2 ** 20;

export interface SnapshotRequest {
  /** How to boot, except for where the RAM lies. */
  readonly boot: Omit<BootRequest, 'memory'>;
  /** Identity of the kernel and of what `prepare` puts into the guest. */
  readonly identity: readonly string[];
  /** Makes the booted guest ready to be forked. */
  readonly prepare: (guest: Guest) => Promise<void>;
}

/** The tmpfs is full, or became full while a snapshot was made. Guests can still be booted. */
export class SnapshotSpaceError extends RingtrialError {
  readonly code = 'SNAPSHOT_SPACE';
  override readonly exitCode = ExitCode.inconclusive;
}

/** No snapshot can be kept on this machine; says why. */
export interface Unavailable {
  readonly unavailable: string;
}

/**
 * Snapshots of booted guests, kept in memory until the host restarts: a directory of this user's on
 * /dev/shm, one entry for each kernel, guest shape, QEMU version and content.
 */
export class SnapshotStore {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async open(tmpfs = '/dev/shm'): Promise<SnapshotStore | Unavailable> {
    const info = await statfs(tmpfs).catch(() => undefined);
    if (info?.type !== tmpfsMagic) return { unavailable: `${tmpfs} is no tmpfs` };
    const root = path.join(tmpfs, `ringtrial-${process.getuid?.() ?? 0}`);
    await mkdir(root, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    // Anybody may write to /dev/shm: what is there under our name must be ours alone.
    const found = await lstat(root);
    if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
      return { unavailable: `${root} exists and is not a private directory of this user` };
    }
    return new SnapshotStore(root);
  }

  /**
   * The snapshot for a request, made when it is not there; and whether it had to be made.
   *
   * @throws SnapshotSpaceError, the errors of `bootGuest` and of `prepare`, the signal's reason
   */
  async obtain(
    request: SnapshotRequest,
    signal?: AbortSignal,
  ): Promise<{ snapshot: Snapshot; made: boolean }> {
    const target = path.join(this.#root, await entryName(request));
    const kept = await load(target, request);
    if (kept) return { snapshot: kept, made: false };
    await this.#makeRoom(request.boot.shape.memoryMiB * 2 ** 20);
    const partial = path.join(this.#root, `partial-${process.pid}-${randomUUID()}`);
    await mkdir(partial, { mode: 0o700 });
    try {
      await make(partial, request, signal);
      // Another process may have finished the same entry first; then its one serves.
      await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
    } catch (cause) {
      const full = await this.#full();
      await rm(partial, { recursive: true, force: true });
      signal?.throwIfAborted();
      // QEMU dies of a bus error when there is no page for its guest's RAM: to look at, a guest that did not boot.
      if (!full) throw cause;
      throw new SnapshotSpaceError(`${path.dirname(this.#root)} became full while a snapshot was made`, {
        cause,
      });
    }
    const snapshot = await load(target, request);
    if (!snapshot) throw new Error(`the snapshot ${target} vanished while it was made`);
    return { snapshot, made: true };
  }

  async #full(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#root);
    return bavail * bsize < fullBytes;
  }

  /**
   * Forgets what dead processes left, and the least recently used snapshots until the rest fits its share and
   * leaves room for a new one of `bytes`.
   *
   * @throws SnapshotSpaceError when others take too much of the tmpfs
   */
  async #makeRoom(bytes: number): Promise<void> {
    // Another run may make one at the same moment.
    const needed = 2 * bytes;
    const { blocks, bavail, bsize } = await statfs(this.#root);
    const entries = await this.#entries();
    const own = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    let budget = Math.min(blocks * bsize * keptShare, own + bavail * bsize - needed);
    for (const entry of entries) {
      budget -= entry.bytes;
      const orphan = entry.maker !== undefined && !isRunning(entry.maker);
      if (orphan || (budget < 0 && entry.maker === undefined && !(await hasUsers(entry.path)))) {
        await rm(entry.path, { recursive: true, force: true });
      }
    }
    const left = await statfs(this.#root);
    const [free, wanted] = [left.bavail * left.bsize, needed].map((size) => (size / 2 ** 20).toFixed(0));
    if (left.bavail * left.bsize < needed)
      throw new SnapshotSpaceError(
        `${path.dirname(this.#root)} has ${free} MiB free, and two guests need ${wanted} MiB`,
      );
  }

  /** The most recently used first. */
  async #entries(): Promise<{ path: string; bytes: number; maker: number | undefined; used: number }[]> {
    const names = await readdir(this.#root);
    const entries = await Promise.all(
      names.map(async (name) => {
        const entry = path.join(this.#root, name);
        const memory = await stat(path.join(entry, 'memory')).catch(() => undefined);
        const maker = /^partial-(\d+)-/.exec(name)?.[1];
        return {
          path: entry,
          // Blocks, not length: pages that the guest never touched take no memory.
          bytes: (memory?.blocks ?? 0) * 512,
          maker: maker === undefined ? undefined : Number(maker),
          used: (await stat(entry).catch(() => undefined))?.mtimeMs ?? 0,
        };
      }),
    );
    return entries.toSorted((a, b) => b.used - a.used);
  }
}

async function make(directory: string, request: SnapshotRequest, signal?: AbortSignal): Promise<void> {
  const boot: BootRequest = {
    ...request.boot,
    memory: { path: path.join(directory, 'memory'), share: true },
  };
  const guest = await bootGuest(boot, signal);
  try {
    await request.prepare(guest);
    await takeSnapshot(guest, boot, path.join(directory, 'state'));
    await copyFile(guest.console.path, path.join(directory, 'console.log'));
    await writeFile(path.join(directory, 'keys.json'), JSON.stringify(packKeys(guest.keys)), { mode: 0o600 });
  } finally {
    await guest[Symbol.asyncDispose]();
  }
}

async function load(directory: string, request: SnapshotRequest): Promise<Snapshot | undefined> {
  try {
    const keys = unpackKeys(
      JSON.parse(await readFile(path.join(directory, 'keys.json'), 'utf8')) as PackedKeys,
    );
    await noteUser(directory);
    const file = (name: string): string => path.join(directory, name);
    return {
      memory: file('memory'),
      state: file('state'),
      console: file('console.log'),
      keys,
      shape: request.boot.shape,
    };
  } catch {
    return undefined;
  }
}

/** Everything that must be equal for a saved state to fit: a difference gives another name. */
async function entryName({ boot, identity }: SnapshotRequest): Promise<string> {
  const { stdout: version } = await execa(qemuProgram, ['--version']);
  const args = guestArgs(boot.shape, {
    files: { vmlinux: '', initrd: '' },
    commandLine: guestCommandLine(boot.commandLine),
    memory: { path: '', share: true },
  });
  const parts = [version, ...args, boot.image.hash, ...identity];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

type PackedKeys = Record<keyof GuestKeys, string>;

const packKeys = (keys: GuestKeys): PackedKeys => ({
  ...keys,
  hostKey: keys.hostKey.toString('base64'),
  hostPublicKey: keys.hostPublicKey.toString('base64'),
});

const unpackKeys = (packed: PackedKeys): GuestKeys => ({
  ...packed,
  hostKey: Buffer.from(packed.hostKey, 'base64'),
  hostPublicKey: Buffer.from(packed.hostPublicKey, 'base64'),
});
