import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { triageSchema } from '../../harness/triage/schema.ts';

const program = fileURLToPath(new URL('../ringtrial.ts', import.meta.url));
const golden = fileURLToPath(new URL('../../harness/triage/goldens/inversion.console.txt', import.meta.url));

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'triage-'));
  await writeFile(path.join(dir, 'clean.log'), '[    0.000000] Linux version 6.1.0\n');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

async function triage(args: readonly string[], input = ''): Promise<Ended> {
  // With an empty PATH and home: reading a log needs nothing of this machine.
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program, 'triage', ...args], {
    cwd: dir,
    reject: false,
    input,
    env: { PATH: '', HOME: dir, NO_COLOR: '1' },
    extendEnv: false,
  });
  return { exitCode, stdout, stderr };
}

describe('ringtrial triage', () => {
  test('ends with 0 when a log is clean, with 1 when it is not', async () => {
    expect((await triage(['clean.log'])).exitCode).toBe(0);
    const { exitCode, stdout } = await triage(['clean.log', golden]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('clean.log (35 bytes, 1 line): no kernel report');
    expect(stdout).toContain('possible circular locking dependency');
  });

  test('reads standard input and speaks JSON', async () => {
    const { exitCode, stdout } = await triage(
      ['--json', '-'],
      '<0>[    1.000000] Kernel panic - not syncing: x\n',
    );
    expect(exitCode).toBe(1);
    expect(triageSchema.parse(JSON.parse(stdout))).toMatchObject({ file: '-', counts: { bug: 1 } });
  });

  test.each([
    [['absent.log'], 'There is no file absent.log'],
    [['clean.log', '.'], '. is a directory. Name the files in it: ./*'],
    [['--follow', 'clean.log', 'clean.log'], '--follow reads one log'],
    [['--tree', 'debian:6.1', 'clean.log'], '--tree serves --patch or --lines'],
    [['--json', '--html', 'clean.log'], 'cannot be used with'],
    [['--patch', 'absent.patch', 'clean.log'], 'absent.patch'],
    [['--vmlinux', 'clean.log', 'clean.log'], 'is damaged or no 64-bit'],
    [[], "missing required argument 'file'"],
  ])('ends with 2 and says why: %j', async (args, words) => {
    const { exitCode, stderr, stdout } = await triage(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain('    at ');
  });

  test('a reader that has seen enough is no fault', async () => {
    const { stderr } = await execa({
      reject: false,
      shell: true,
    })`${process.execPath} ${program} triage --json ${Array.from({ length: 200 }, () => golden).join(' ')} | head -c 100`;
    expect(stderr).toBe('');
  });
});
