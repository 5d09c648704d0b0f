import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Kernel, resolveTree } from '../../vm/kernel/index.ts';
import { baseKernel } from '../../vm/kernel/testing.ts';
import { functionsOf } from '../triage/c-functions.ts';

const program = fileURLToPath(new URL('../../tools/ringtrial.ts', import.meta.url));
let kernel: Kernel;

beforeAll(async () => {
  kernel = await baseKernel();
});

interface Shell {
  readonly child: ChildProcess;
  /** The line that is printed for another terminal. */
  readonly gdb: string;
  readonly qemu: number;
  readonly output: { stdout: string; stderr: string };
  readonly exited: Promise<number>;
}

let shell: Shell | undefined;
afterEach(() => {
  shell?.child.kill('SIGKILL');
});

/** A shell under gdb, up to the moment when it waits for gdb. */
async function startShell(): Promise<Shell> {
  const child = spawn(process.execPath, [program, 'shell', '--gdb', kernel.hash], { stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  const exited = new Promise<number>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0))),
  );
  const command = (): string | undefined => /^ {2}(gdb .*)$/m.exec(output.stderr)?.[1];
  await until(() => command() !== undefined || child.exitCode !== null);
  const [qemu] = childrenOf(child.pid ?? 0);
  expect(output.stderr).toContain('the guest stands still');
  shell = { child, gdb: command() ?? '', qemu: qemu ?? 0, output, exited };
  return shell;
}

async function until(condition: () => boolean, timeoutMs = 300_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** QEMUs that a process started. */
const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const ppid = /^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        return Number(ppid) === parent && readlinkSync(`/proc/${pid}/exe`).includes('qemu');
      } catch {
        return false;
      }
    })
    .map(Number);

/** Local addresses on which a process accepts TCP connections, as /proc/net/tcp has them (proc(5)). */
function listening(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).map(
      (fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1],
    ),
  );
  return ['tcp', 'tcp6']
    .flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && inodes.has(fields[9]))
    .map((fields) => fields[1] ?? '');
}

/** Runs the printed line as a shell would, with commands for gdb in the place of a person. */
const debug = ({ gdb }: Shell, ...commands: string[]): string =>
  execFileSync('sh', ['-c', `${gdb} -batch "$@" 2>&1`, 'sh', ...commands.flatMap((one) => ['-ex', one])], {
    encoding: 'utf8',
    timeout: 120_000,
  });

const hasGdb = ['/usr/bin/gdb', '/usr/local/bin/gdb'].some((file) => existsSync(file));

describe.runIf(hasGdb)('a shell under gdb', () => {
  test('stops at a line of io_uring, shows it, and goes on', async ({ signal }) => {
    const { dir } = await resolveTree('debian:6.1', { signal });
    const source = readFileSync(path.join(dir, 'io_uring/rsrc.c'), 'utf8').split('\n');
    const register = functionsOf(source).find(({ name }) => name === 'io_sqe_buffers_register');
    const [first, last] = [register?.first ?? 0, register?.last ?? 0];
    expect(first).toBeGreaterThan(0);

    const held = await startShell();
    const directory = path.dirname(/-x (\S+)/.exec(held.gdb)?.[1] ?? '');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(directory, 'gdb')).isSocket()).toBe(true);
    // Only its SSH server, on 127.0.0.1.
    expect(listening(held.qemu)).toEqual([expect.stringMatching(/^0100007F:/)]);

    held.child.stdin?.write('./thread-steps > /tmp/out; echo "the test ended with $?"; exit\n');
    const said = debug(
      held,
      `break io_uring/rsrc.c:${first}`,
      'continue',
      'bt',
      'print ctx->nr_user_bufs',
      'detach',
    );
    const hit = /Breakpoint 1, io_sqe_buffers_register \(ctx=.* at io_uring\/rsrc\.c:(\d+)\n\d+\t(.*)/.exec(
      said,
    );
    const line = Number(hit?.[1]);
    expect(line, said).toBeGreaterThanOrEqual(first);
    expect(line).toBeLessThanOrEqual(last);
    expect(hit?.[2]).toBe(source[line - 1]);
    expect(said).toMatch(/^#\d+ .*__x64_sys_io_uring_register \(.* at io_uring\/io_uring\.c:\d+$/m);
    expect(said).toMatch(/^\$1 = 0$/m);

    expect(await held.exited).toBe(0);
    expect(held.output.stdout).toMatch(/the test ended with 0/);
    expect(existsSync(`/proc/${held.qemu}`)).toBe(false);
    expect(existsSync(directory)).toBe(false);
  });

  test('ends with a clear word when gdb kills the guest', async () => {
    const held = await startShell();
    debug(held, 'kill');
    expect(await held.exited).toBe(3);
    expect(held.output.stderr).toContain('The guest came to its end before its shell opened.');
    expect(existsSync(`/proc/${held.qemu}`)).toBe(false);
  });

  test('ends at Ctrl-C while it waits for gdb', async () => {
    const held = await startShell();
    held.child.kill('SIGINT');
    expect(await held.exited).toBe(130);
    expect(existsSync(`/proc/${held.qemu}`)).toBe(false);
  });
});
