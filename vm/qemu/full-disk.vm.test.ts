import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { guestImage } from '../image/image.ts';
import { loadProfile } from '../kernel/index.ts';
import { baseKernel } from '../kernel/testing.ts';
import { SerialConsole } from './console.ts';
import { SnapshotSpaceError, SnapshotStore } from './snapshot-store.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'ringtrial-full-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A small file system for the duration of a test. */
function small(name: string, size: string): { path: string } & Disposable {
  const mounted = path.join(directory, name);
  mkdirSync(mounted);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', mounted]);
  return { path: mounted, [Symbol.dispose]: () => void execFileSync('umount', [mounted]) };
}

// Mounting takes root, which continuous integration is.
describe.runIf(process.getuid?.() === 0)('a full disk', () => {
  test('leaves a remark where bytes of a console are missing', async () => {
    using disk = small('console', '64k');
    const line = new PassThrough();
    const serial = new SerialConsole(line, path.join(disk.path, 'console.log'));
    const others = path.join(disk.path, 'others');
    writeFileSync(others, Buffer.alloc(48 * 1024));
    line.write(Buffer.alloc(4_000, 'a'));
    line.write(Buffer.alloc(30_000, 'b'));
    await serial.waitFor('nothing', 50);
    expect(serial.problem).toBe('the console log could not be written: ENOSPC');
    truncateSync(others);
    line.write('and on');
    line.end();
    await serial.closed;
    const kept = readFileSync(serial.path, 'latin1');
    expect(kept).toMatch(/^a{4000}b*\r\nringtrial: \d+ bytes are missing here: the disk was full\r\nand on$/);
    expect(serial.size).toBe(kept.length);
    const missing = Number(/(\d+) bytes are missing/.exec(kept)?.[1]);
    expect(missing + (kept.match(/b(?=[b\r])/g)?.length ?? 0)).toBe(30_000);
  });

  test('that fills up while a snapshot is made is told from a guest that does not boot', async () => {
    const [kernel, profile] = [await baseKernel(), await loadProfile('lockdep')];
    const memoryMiB = 192;
    using disk = small('snapshots', `${2 * memoryMiB + 4}m`);
    const store = await SnapshotStore.open(disk.path);
    if ('unavailable' in store) throw new Error(store.unavailable);
    const others = path.join(disk.path, 'others');
    writeFileSync(others, Buffer.alloc((2 * memoryMiB - 16) * 2 ** 20));
    const image = await guestImage();
    const obtain = (): ReturnType<SnapshotStore['obtain']> =>
      store.obtain({
        boot: {
          vmlinux: kernel.vmlinux,
          image,
          shape: { machine: 'microvm', accelerator: 'tcg', vcpus: profile.vcpus, memoryMiB },
          commandLine: profile.commandLine,
          bootDeadlineMs: 60_000,
          directory: path.join(directory, 'guest'),
        },
        identity: ['a full disk'],
        prepare: async () => {},
      });
    await expect(obtain()).rejects.toThrow(/has \d+ MiB free, and two guests need 384 MiB/);
    rmSync(others);
    // What another program takes after we have looked.
    const other = setTimeout(() => {
      try {
        writeFileSync(others, Buffer.alloc(2 * memoryMiB * 2 ** 20));
      } catch (error) {
        // It takes all there is, and the guest has touched some of its memory by now.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }, 300);
    const error: unknown = await obtain().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    clearTimeout(other);
    expect(error).toBeInstanceOf(SnapshotSpaceError);
    expect(String(error)).toMatch(/snapshots became full while a snapshot was made/);
    expect(readdirSync(path.join(disk.path, `ringtrial-${process.getuid?.()}`))).toEqual([]);
  });
});
