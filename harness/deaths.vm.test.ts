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
import { type CellsResult, runCells } from './cells.ts';
import type { GuestSource } from './guest-source.ts';
import { bootSource, forkSource, type SourceRequest } from './guest-sources.ts';
import type { Program, Suite } from './suite.ts';

/** Each way in which a guest or its surroundings can die while a test runs, and what must come of it. */
interface Death {
  readonly name: string;
  /** What the test program does in the guest after its first point has passed. */
  readonly script: string;
  /** What happens on the host when the program has said so on the console. */
  readonly host?: (qemu: number) => void;
  readonly expected: readonly [string, string, string];
  /** What must be in the reason of the second point. */
  readonly reason: RegExp;
  /** What must be in the console log. */
  readonly console?: RegExp;
  /** Files that the hang dossier must have. */
  readonly dossier?: readonly string[];
  readonly deadlineSeconds?: number;
}

// The first point's result gets a second to come over before the guest is no more.
const hostTurn = 'sleep 1; echo "ringtrial-test: host, your turn" > /dev/kmsg; sleep 60';

const deaths: readonly Death[] = [
  {
    name: 'panic',
    script: 'sleep 1; echo c > /proc/sysrq-trigger; sleep 60',
    expected: ['FAIL', 'FAIL', 'MISS'],
    reason: /Kernel panic - not syncing: sysrq triggered crash/,
    console: /Kernel panic - not syncing/,
  },
  {
    name: 'power-off',
    script: 'sleep 1; poweroff -f; sleep 60',
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /switched itself off/,
    console: /reboot: (Power down|System halted)/,
  },
  {
    // With reboot=t on its command line a guest restarts by a triple fault.
    name: 'triple-fault',
    script: 'sleep 1; echo b > /proc/sysrq-trigger; sleep 60',
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /switched itself off/,
    console: /begin of triple-fault/,
  },
  {
    name: 'qemu-killed',
    script: hostTurn,
    host: (qemu) => process.kill(qemu, 'SIGKILL'),
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /QEMU came to its end .*SIGKILL/,
    console: /your turn/,
  },
  {
    name: 'qemu-stopped',
    script: hostTurn,
    host: (qemu) => process.kill(qemu, 'SIGSTOP'),
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /./,
    console: /your turn/,
  },
  {
    name: 'ssh-server-killed',
    script: 'sleep 1; killall dropbear; sleep 60',
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /lost/,
    console: /SSH server ended/,
  },
  {
    name: 'hang',
    script: 'sleep 60',
    deadlineSeconds: 3,
    expected: ['PASS', 'FAIL', 'MISS'],
    reason: /hang: no result within 3 s/,
    console: /Showing all locks held|sysrq: Show Blocked State/,
    dossier: ['registers.txt', 'stacks.txt', 'rings.txt'],
  },
  {
    name: 'silent-program',
    script: 'exit 0',
    expected: ['PASS', 'ERROR', 'MISS'],
    reason: /ended with status 0 before this point/,
  },
  {
    name: 'console-flood',
    // Past printk, which is many times slower on an emulated serial line.
    script:
      'yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | head -c 1048576 > /dev/ttyS0; echo "ok 2 two"; echo "ok 3 three"; exit 0',
    expected: ['PASS', 'PASS', 'PASS'],
    reason: /^$/,
    console: /x{31}/,
    deadlineSeconds: 120,
  },
];

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
  const source = await makeSource({ ...sourceRequest, suite, directory: path.join(runDirectory, 'base') });
  const watched: GuestSource = {
    ...source,
    async fresh(name) {
      const guest = await source.fresh(name);
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

describe('every way to die', () => {
  test.each(deaths)('$name', async (death) => {
    const { points, reports } = await die(death, forkSource);
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
    expect(livingQemus()).toEqual([]);
  });

  test('a guest that was booted and not forked dies the same death', async () => {
    const death = deaths[0] as Death;
    const renamed = { ...death, name: 'panic-booted' };
    const { points } = await die(renamed, async (request) => bootSource(request));
    expect(points.map((point) => point.status)).toEqual(death.expected);
    expect(livingQemus()).toEqual([]);
  });
});
