import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestImage } from '../image/image.ts';
import { loadProfile } from '../kernel/index.ts';
import { baseKernel } from '../kernel/testing.ts';
import { SshConnection } from '../ssh/connection.ts';
import { makeGuestKeys } from '../ssh/keys.ts';
import { type BootRequest, bootGuest } from './boot.ts';
import { GuestBootError } from './boot-error.ts';
import type { Guest } from './guest.ts';
import { twice } from './second-try.ts';
import { forkSnapshot, type Snapshot } from './snapshot.ts';
import { SnapshotStore } from './snapshot-store.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'ringtrial-guest-test-'));
let template: Omit<BootRequest, 'directory'>;

beforeAll(async () => {
  const [kernel, profile] = [await baseKernel(), await loadProfile('lockdep')];
  template = {
    vmlinux: kernel.vmlinux,
    image: await guestImage(),
    shape: { machine: 'microvm', accelerator: 'tcg', vcpus: profile.vcpus, memoryMiB: profile.memoryMiB },
    commandLine: profile.commandLine,
    bootDeadlineMs: 60_000,
  };
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const request = (name: string, more: Partial<BootRequest> = {}): BootRequest => ({
  ...template,
  directory: path.join(directory, name),
  ...more,
});

/** As trials boot: a guest that stands still on a busy host gets a second try. */
const booted = (boot: BootRequest, signal?: AbortSignal): Promise<Guest> =>
  twice(boot, (one) => bootGuest(one, signal));

const output = async (guest: Guest, command: string): Promise<string> =>
  (await guest.exec(command, { deadlineMs: 20_000 })).stdout.toString().trim();

const failure = async (boot: BootRequest): Promise<GuestBootError> => {
  const error: unknown = await bootGuest(boot).then(
    (guest) => guest[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GuestBootError);
  return error as GuestBootError;
};

describe('a guest that boots', () => {
  test('runs commands, and how each ended is known', async (ctx) => {
    await using guest = await booted(request('boots'), ctx.signal);
    const run = (command: string, deadlineMs = 20_000): ReturnType<Guest['exec']> =>
      guest.exec(command, { deadlineMs });
    expect((await run('exit 3')).outcome).toEqual({ type: 'exited', code: 3 });
    expect((await run('kill -9 $$')).outcome).toEqual({ type: 'signalled', signal: 'SIGKILL' });
    expect((await run('sleep 30', 500)).outcome).toEqual({ type: 'deadline' });
    expect(await output(guest, 'uname -r')).toMatch(/^6\.1\./);
    expect(await output(guest, 'stat -c %a / /tmp /root/.ssh')).toBe('755\n1777\n700');
    expect(await output(guest, 'grep -c debug_locks:.*1 /proc/lockdep_stats')).toBe('1');
    const stdin = Buffer.alloc(300_000, 'x');
    expect((await guest.exec('wc -c', { deadlineMs: 20_000, stdin })).stdout.toString().trim()).toBe(
      '300000',
    );
    const flood = await guest.exec('yes | head -c 200000', { deadlineMs: 20_000, maxOutputBytes: 1000 });
    expect(flood).toMatchObject({ truncated: true, outcome: { type: 'exited' } });
    expect(flood.stdout).toHaveLength(1000);
  });

  test('reaches nothing: no route, no other port', async () => {
    await using guest = await booted(request('alone'));
    // 10.0.2.2 is the host as QEMU's user network shows it.
    expect((await guest.exec('nc -w 3 10.0.2.2 22 < /dev/null', { deadlineMs: 20_000 })).outcome).not.toEqual(
      { type: 'exited', code: 0 },
    );
  });

  test('lets in nobody else, and is taken for nobody else', async () => {
    await using guest = await booted(request('locked'));
    const port = Number(
      /hostfwd/.exec(readFileSync(path.join(guest.directory, 'command.json'), 'utf8'))
        ? await forwarded(guest)
        : 0,
    );
    const stranger = { ...makeGuestKeys(), hostPublicKey: guest.keys.hostPublicKey };
    await expect(
      SshConnection.connect({ host: '127.0.0.1', port }, stranger, { timeoutMs: 20_000 }),
    ).rejects.toThrow(/authentication/i);
    const impostor = { ...guest.keys, hostPublicKey: makeGuestKeys().hostPublicKey };
    await expect(
      SshConnection.connect({ host: '127.0.0.1', port }, impostor, { timeoutMs: 20_000 }),
    ).rejects.toThrow(/verification/i);
  });

  test('leaves its evidence private and its keys nowhere', async () => {
    const guest = await booted(request('private'));
    await guest[Symbol.asyncDispose]();
    expect(statSync(guest.directory).mode & 0o777).toBe(0o700);
    expect(existsSync(path.join(guest.directory, 'initrd'))).toBe(false);
    expect(readFileSync(guest.console.path, 'latin1')).toContain('ringtrial: READY');
  });

  test('the same kernel boots on q35', async () => {
    await using guest = await booted(request('q35', { shape: { ...template.shape, machine: 'q35' } }));
    expect(await output(guest, 'ls /sys/bus/pci/devices | wc -l')).not.toBe('0');
  });
});

async function forwarded(guest: Guest): Promise<string> {
  return /127\.0\.0\.1\s+(\d+)/.exec(await guest.qmp.human('info usernet'))?.[1] ?? '';
}

describe('a guest that does not boot says where it stopped', () => {
  test('a panic', async () => {
    const error = await failure(request('panics', { commandLine: 'rdinit=/nowhere init=/nowhere' }));
    expect(error.failure.stage).toBe('kernel');
    expect(error.message).toMatch(/panicked: Kernel panic - not syncing/);
    expect(error.message).toContain('console.log');
  });

  test('a file that is no kernel', async () => {
    const vmlinux = path.join(directory, 'no-kernel');
    writeFileSync(vmlinux, 'this is no kernel');
    const error = await failure(request('no-kernel-guest', { vmlinux }));
    expect(error.failure.stage).toBe('qemu');
    expect(error.message).toContain('QEMU said');
  });

  test('a kernel that stands still before its first word', async () => {
    // A megabyte of memory is less than its own code takes.
    const error = await failure(request('silent', { commandLine: 'mem=1M', bootDeadlineMs: 8_000 }));
    expect(error.failure.stage).toBe('silent');
    expect(error.message).toMatch(/printed nothing on the serial console within 8 s/);
    const kept = (name: string): string => readFileSync(path.join(directory, 'silent', name), 'utf8');
    expect(kept('registers.txt')).toMatch(/CPU#0\s[^]*RIP=/);
    expect(kept('interrupts.txt')).toContain('local APIC state');
    expect(kept('network.txt')).toContain('HOST_FORWARD');
  });

  test('an abort ends it at once', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await expect(bootGuest(request('aborted'), abort.signal)).rejects.toThrow('enough');
  });
});

describe('forks of a snapshot', () => {
  let snapshot: Snapshot;
  const prepared: string[] = [];

  beforeAll(async () => {
    const store = await SnapshotStore.open();
    if ('unavailable' in store) throw new Error(store.unavailable);
    const obtain = (name: string): ReturnType<SnapshotStore['obtain']> =>
      twice(request(name), (boot) =>
        store.obtain({
          boot,
          identity: ['test of forks', String(process.pid)],
          prepare: async (guest) => {
            prepared.push(name);
            await guest.exec('echo before > /tmp/mark', { deadlineMs: 20_000 });
          },
        }),
      );
    ({ snapshot } = await obtain('snapshot'));
    // The second time it is there already.
    expect((await obtain('again')).made).toBe(false);
    expect(prepared).toEqual(['snapshot']);
  });

  test('start where the snapshot was taken, and what one writes no other sees', async () => {
    const fork = (name: string): Promise<Guest> =>
      forkSnapshot(snapshot, { directory: path.join(directory, name), deadlineMs: 60_000 });
    await using first = await fork('fork-1');
    expect(first.origin).toBe('fork');
    expect(await output(first, 'cat /tmp/mark; echo after > /tmp/mark; cat /tmp/mark')).toBe('before\nafter');
    await using second = await fork('fork-2');
    expect(await output(second, 'cat /tmp/mark')).toBe('before');
    expect(await output(second, 'grep -c debug_locks:.*1 /proc/lockdep_stats')).toBe('1');
  });

  test('have the clock of the host and random numbers of their own', async () => {
    const seen: string[] = [];
    for (const name of ['random-1', 'random-2', 'random-3']) {
      await using guest = await forkSnapshot(snapshot, {
        directory: path.join(directory, name),
        deadlineMs: 60_000,
      });
      const [seconds = '', random = ''] = (
        await output(guest, 'date +%s; head -c 16 /dev/urandom | od -An -tx1')
      ).split('\n');
      expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(5);
      seen.push(random);
    }
    expect(new Set(seen).size).toBe(3);
  });

  test('share their memory until they write to it', async () => {
    await using guest = await forkSnapshot(snapshot, {
      directory: path.join(directory, 'shares'),
      deadlineMs: 60_000,
    });
    await output(guest, 'true');
    const rollup = readFileSync(`/proc/${guest.pid}/smaps_rollup`, 'utf8');
    const own = Number(/^Private_Dirty:\s+(\d+)/m.exec(rollup)?.[1]) / 1024;
    expect(own).toBeLessThan(template.shape.memoryMiB / 2);
  });

  test('another kernel, command line or content is another snapshot', async () => {
    const store = await SnapshotStore.open();
    if ('unavailable' in store) throw new Error(store.unavailable);
    const other = request('other', { commandLine: `${template.commandLine} ringtrial.other` });
    const identity = ['test of forks', String(process.pid)];
    const { made } = await twice(other, (boot) => store.obtain({ boot, identity, prepare: async () => {} }));
    expect(made).toBe(true);
  });

  test('where there is no tmpfs there are none, and it says so', async () => {
    expect(await SnapshotStore.open('/proc')).toEqual({ unavailable: '/proc is no tmpfs' });
  });
});
