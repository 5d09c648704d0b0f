import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { guestImage } from '../../vm/image/image.ts';
import { type Kernel, loadProfile } from '../../vm/kernel/index.ts';
import { chooseAccelerator } from '../../vm/qemu/accel.ts';
import { bootGuest } from '../../vm/qemu/boot.ts';
import type { Guest } from '../../vm/qemu/guest.ts';
import { forkSnapshot, type Snapshot } from '../../vm/qemu/snapshot.ts';
import { SnapshotStore } from '../../vm/qemu/snapshot-store.ts';
import { runCells } from '../cells.ts';
import {
  bootRequest,
  bootSource,
  forkSource,
  type SourceRequest,
  snapshotRequest,
} from '../guest-sources.ts';
import type { Program, Suite } from '../suite.ts';
import { atMost, type Figure, median, medianAtMost, timed } from './measure.ts';

export interface GuestBenchOptions {
  readonly kernel: Kernel;
  readonly onProgress: (what: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const boots = 3;
const timedForks = 10;
const forksInARow = 100;
const shortTests = 30;

/** Boots, forks and test runs of one kernel, measured on this machine. Everything runs for real. */
export async function benchGuest(options: GuestBenchOptions): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-bench-'));
  try {
    const request = await sourceRequest(options, directory);
    return [
      ...(await benchBoot(request, options)),
      ...(await benchForks(request, options)),
      ...(await benchSuite(request, options)),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function sourceRequest(options: GuestBenchOptions, directory: string): Promise<SourceRequest> {
  const profile = await loadProfile(options.kernel.profile);
  const accelerator = await chooseAccelerator('auto');
  return {
    kernel: options.kernel,
    suite: await shortSuite(directory),
    shape: {
      machine: 'microvm',
      accelerator: accelerator.name,
      vcpus: profile.vcpus,
      memoryMiB: profile.memoryMiB,
    },
    image: await guestImage(options.signal),
    commandLine: profile.commandLine,
    directory: path.join(directory, 'guests'),
    onNotice: options.onProgress,
    signal: options.signal,
  };
}

/** Test programs that take as long as a short test does: half a second, most of it spent waiting. */
async function shortSuite(directory: string): Promise<Suite> {
  const programs = Array.from({ length: shortTests }, async (_, index): Promise<Program> => {
    const name = `short-${index + 1}`;
    const file = path.join(directory, name);
    const text = `#!/bin/sh\nsleep 0.5\nprintf 'KTAP version 1\\n1..1\\nok 1 done\\n# ${name}\\n'\n`;
    await writeFile(file, text, { mode: 0o755 });
    return {
      ...{
        name,
        source: '',
        deadlineSeconds: 60,
        summary: '',
        invariants: [],
        distinguishes: [],
        path: file,
      },
      ...{ sha256: createHash('sha256').update(text).digest('hex'), points: ['done'] },
    };
  });
  return { name: 'short', title: 'short tests', programs: await Promise.all(programs) };
}

async function benchBoot(
  request: SourceRequest,
  { onProgress, signal }: GuestBenchOptions,
): Promise<Figure[]> {
  const times: number[] = [];
  for (let index = 1; index <= boots; index++) {
    onProgress(`boot ${index} of ${boots}`);
    const { milliseconds } = await timed(async () => {
      await using guest = await bootGuest(bootRequest(request, `boot-${index}`), signal);
      await firstCommand(guest);
    });
    times.push(milliseconds);
  }
  return [medianAtMost('cold boot to the first SSH command', times, 4000)];
}

async function firstCommand(guest: Guest, command = 'true'): Promise<void> {
  const result = await guest.exec(command, { deadlineMs: 60_000 });
  if (result.outcome.type !== 'exited' || result.outcome.code !== 0)
    throw new Error(`"${command}" failed in the guest`);
}

async function benchForks(
  request: SourceRequest,
  { onProgress, signal }: GuestBenchOptions,
): Promise<Figure[]> {
  const store = await SnapshotStore.open();
  if ('unavailable' in store) {
    onProgress(`forks cannot be measured here: ${store.unavailable}`);
    return [];
  }
  const { snapshot } = await store.obtain(snapshotRequest(request), signal);
  const [running, tested, failures] = [[] as number[], [] as number[], [] as unknown[]];
  const memory: ForkMemory[] = [];
  const before = await resources();
  for (let index = 1; index <= forksInARow; index++) {
    onProgress(`fork ${index} of ${forksInARow}`);
    try {
      const fork = await measureFork(snapshot, path.join(request.directory, `fork-${index}`), signal);
      running.push(fork.running);
      tested.push(fork.tested);
      memory.push(fork.memory);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(error);
    }
  }
  const after = await resources();
  return [
    medianAtMost('fork to running', running.slice(0, timedForks), 100),
    medianAtMost('fork to the first finished test', tested.slice(0, timedForks), 800),
    atMost({ name: `failures in ${forksInARow} forks`, value: failures.length, unit: 'forks' }, 0),
    atMost({ name: 'open files gained', value: after.files - before.files, unit: 'files' }, 0),
    {
      name: 'resident memory gained',
      value: Math.round(after.residentMiB - before.residentMiB),
      unit: 'MiB',
    },
    {
      name: 'memory of one fork, its own',
      value: Math.round(median(memory.map((entry) => entry.own))),
      unit: 'MiB',
    },
    {
      name: 'memory of one fork, shared',
      value: Math.round(median(memory.map((entry) => entry.shared))),
      unit: 'MiB',
    },
  ];
}

async function measureFork(
  snapshot: Snapshot,
  directory: string,
  signal?: AbortSignal,
): Promise<{ running: number; tested: number; memory: ForkMemory }> {
  let running = 0;
  const started = performance.now();
  await using guest = await forkSnapshot(snapshot, {
    directory,
    deadlineMs: 60_000,
    signal,
    onRunning: (milliseconds) => {
      running = milliseconds;
    },
  });
  // The smallest program that prints KTAP: what is measured is the way to a result, not the test.
  await firstCommand(guest, "printf 'KTAP version 1\\n1..1\\nok 1 done\\n'");
  const tested = performance.now() - started;
  return { running, tested, memory: await forkMemory(guest.pid) };
}

/** MiB of a fork's QEMU that are its own and that it shares with other processes. */
interface ForkMemory {
  readonly own: number;
  readonly shared: number;
}

/** From /proc/PID/smaps_rollup (proc_pid_smaps(5)). Pages read from the snapshot's RAM file count as shared by its mapping. */
async function forkMemory(pid: number): Promise<ForkMemory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  const own = kilobytes('Private_Dirty') / 1024;
  return { own, shared: kilobytes('Rss') / 1024 - own };
}

async function resources(): Promise<{ files: number; residentMiB: number }> {
  return { files: (await readdir('/proc/self/fd')).length, residentMiB: process.memoryUsage.rss() / 2 ** 20 };
}

/** The same short tests, each in its own fork against all in one guest, in one run. */
async function benchSuite(
  request: SourceRequest,
  { onProgress, signal }: GuestBenchOptions,
): Promise<Figure[]> {
  const cells = (directory: string): Omit<Parameters<typeof runCells>[0], 'source'> => ({
    side: 'base',
    suite: request.suite,
    repetitions: 1,
    detectors: { lockdep: true, kmemleak: false },
    directory: path.join(request.directory, directory),
    onEvent: () => {},
    signal,
  });
  const forked = await forkSource({ ...request, directory: path.join(request.directory, 'forked') });
  onProgress(`${shortTests} short tests, each in its own fork`);
  const inForks = await timed(() => runCells({ ...cells('forked-run'), source: forked }));
  const single = bootSource({ ...request, directory: path.join(request.directory, 'single') });
  const guest = await single.fresh('guest');
  onProgress(`${shortTests} short tests in one guest`);
  const inOne = await timed(() =>
    runCells({ ...cells('single-run'), source: { ...single, fresh: async () => guest } }),
  );
  const passed = [...inForks.value.points, ...inOne.value.points].filter(
    (point) => point.status === 'PASS',
  ).length;
  return [
    atMost({ name: 'short tests that did not pass', value: 2 * shortTests - passed, unit: 'tests' }, 0),
    {
      name: `${shortTests} short tests, each in its own fork`,
      value: Math.round(inForks.milliseconds),
      unit: 'ms',
    },
    { name: `${shortTests} short tests in one guest`, value: Math.round(inOne.milliseconds), unit: 'ms' },
    atMost(
      {
        name: 'own forks against one guest',
        value: Number((inForks.milliseconds / inOne.milliseconds).toFixed(2)),
        unit: 'x',
      },
      1.3,
    ),
  ];
}
