import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestImage } from '../vm/image/image.ts';
import { loadProfile } from '../vm/kernel/index.ts';
import { baseKernel } from '../vm/kernel/testing.ts';
import type { Guest } from '../vm/qemu/guest.ts';
import { forkSnapshot } from '../vm/qemu/snapshot.ts';
import { SnapshotStore } from '../vm/qemu/snapshot-store.ts';
import { type CellsResult, runCells } from './cells.ts';
import { type Death, deaths } from './deaths.ts';
import type { GuestSource } from './guest-source.ts';
import { bootSource, forkSource, type SourceRequest, snapshotRequest } from './guest-sources.ts';
import type { Program, Suite } from './suite.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'ringtrial-deaths-'));
let sourceRequest: Omit<SourceRequest, 'suite' | 'directory'>;

beforeAll(async () => {
  const profile = await loadProfile('lockdep');
  sourceRequest = {
    kernel: await baseKernel(),
    image: await guestImage(),
    shape: { machine: 'microvm', accelerator: 'tcg', vcpus: profile.vcpus, memoryMiB: profile.memoryMiB },
    commandLine: profile.commandLine,
    onNotice: () => {},
  };
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function suiteOf(death: Death): Suite {
  const file = path.join(directory, death.name);
  const head = '#!/bin/sh\necho "KTAP version 1"\necho 1..3\necho "ok 1 one"\n';
  writeFileSync(file, `${head}${death.script}\n`, { mode: 0o755 });
  const program: Program = {
    name: death.name,
    deadlineSeconds: death.deadlineSeconds ?? 20,
    summary: '',
    invariants: [],
    distinguishes: [],
    path: file,
    sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    points: ['one', 'two', 'three'],
  };
  return { name: 'deaths', title: 'deaths', programs: [program] };
}

/** QEMUs that this process started and that still exist. */
const livingQemus = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return Number(parent) === process.pid && readlinkSync(`/proc/${pid}/exe`).includes('qemu');
      } catch {
        return false;
      }
    });

async function die(
  death: Death,
  makeSource: (request: SourceRequest) => Promise<GuestSource>,
): Promise<CellsResult> {
  const suite = suiteOf(death);
  const runDirectory = path.join(directory, `run-${death.name}`);
  const request = { ...sourceRequest, suite, directory: path.join(runDirectory, 'base') };
  const source = await makeSource(request);
  /** The same fork with less room for its console. */
  async function limited(name: string): Promise<Guest> {
    const store = await SnapshotStore.open();
    if ('unavailable' in store) throw new Error(store.unavailable);
    const { snapshot } = await store.obtain(snapshotRequest(request));
    const { consoleLimit: consoleLimitBytes = 0 } = death;
    return forkSnapshot(snapshot, {
      directory: path.join(request.directory, name),
      deadlineMs: 60_000,
      consoleLimitBytes,
    });
  }
  const watched: GuestSource = {
    ...source,
    async fresh(name) {
      const guest = death.consoleLimit === undefined ? await source.fresh(name) : await limited(name);
      if (death.host)
        void guest.console.waitFor('your turn', 60_000).then((said) => said && death.host?.(guest.pid));
      return guest;
    },
  };
  return await runCells({
    side: 'base',
    suite,
    repetitions: 1,
    detectors: { lockdep: true, kmemleak: false },
    directory: runDirectory,
    source: watched,
    onEvent: () => {},
  });
}

const allowance = 150 * 2 ** 20;

/** The most memory that this process has from now on. */
function watchMemory(): { rss: () => number } & Disposable {
  let most = 0;
  const look = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 50);
  return {
    rss() {
      look();
      return most;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

describe('every way to die', () => {
  test.each(deaths)('$name', async (death) => {
    const before = process.memoryUsage.rss();
    using peak = watchMemory();
    const { points, reports } = await die(death, forkSource);
    // A console is read as a whole, once it is there; nothing else grows with what a guest does.
    expect(peak.rss() - before).toBeLessThan(allowance);
    expect(points.map((point) => point.status)).toEqual(death.expected);
    expect(points[1]?.reason ?? '').toMatch(death.reason);
    const runDirectory = path.join(directory, `run-${death.name}`);
    const evidence = path.join(runDirectory, 'base');
    if (death.console)
      expect(readFileSync(path.join(evidence, 'guest-1', 'console.log'), 'latin1')).toMatch(death.console);
    expect(readFileSync(path.join(evidence, 'repetition-1', `${death.name}.ktap`), 'utf8')).toContain(
      'ok 1 one',
    );
    for (const name of death.dossier ?? []) {
      expect(existsSync(path.join(evidence, 'repetition-1', `${death.name}.hang`, name))).toBe(true);
    }
    if (death.name === 'panic') expect(reports.map(({ report }) => report.kind).join()).toMatch(/panic/i);
    if (death.floodBytes !== undefined) {
      const bytes = readFileSync(path.join(evidence, 'guest-1', 'console.log'));
      const printed = bytes.reduce((count, byte) => count + Number(byte === 0x78), 0);
      expect(printed).toBeGreaterThanOrEqual((death.floodBytes / 32) * 31);
    }
    expect(livingQemus()).toEqual([]);
  });

  test('a test after a flood is as good as any', async () => {
    const healthy: Death = {
      name: 'healthy',
      script: 'echo "ok 2 two"; echo "ok 3 three"; exit 0',
      expected: ['PASS', 'PASS', 'PASS'],
      reason: /^$/,
    };
    const { points, reports } = await die(healthy, forkSource);
    expect(points.map((point) => point.status)).toEqual(healthy.expected);
    expect(reports).toEqual([]);
    expect(livingQemus()).toEqual([]);
  });

  test('where the tmpfs is too small for a snapshot a guest is booted, and it says so', async () => {
    const notices: string[] = [];
    const death = { ...(deaths.find(({ name }) => name === 'silent-program') as Death), name: 'no-room' };
    const { points } = await die(death, (request) =>
      forkSource({ ...request, snapshots: '/proc', onNotice: (message) => notices.push(message) }),
    );
    expect(notices).toEqual([
      'no forks, a guest is booted for each group of tests instead: /proc is no tmpfs',
    ]);
    expect(points.map((point) => point.status)).toEqual(death.expected);
  });

  test('a guest that was booted and not forked dies the same death', async () => {
    const death = deaths[0] as Death;
    const renamed = { ...death, name: 'panic-booted' };
    const { points } = await die(renamed, async (request) => bootSource(request));
    expect(points.map((point) => point.status)).toEqual(death.expected);
    expect(livingQemus()).toEqual([]);
  });
});
