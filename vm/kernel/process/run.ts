import { execa } from 'execa';
import { MissingToolError } from '../errors.ts';
import { inherited, type Lock } from './lock.ts';
import { type Area, confinedCommand } from './sandbox.ts';

export interface RunOptions {
  readonly cwd?: string | undefined;
  /** Added to the few variables that every program gets. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Inherited by the program and all it starts, so that the lock outlives this process as long as one of them runs. */
  readonly lock?: Lock | undefined;
  /**
   * For programs that a patch has a say in: they are confined to this area where the machine allows it, and get no other
   * variables than those of `env`. Where it does not (the area says so), they run as any other program.
   */
  readonly area?: Area | undefined;
  /** Called for every line of standard output and standard error, in the order in which they were written. */
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface RunResult {
  readonly exitCode: number;
  /** The last lines of standard output and standard error together. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 60;

/**
 * Standard error joins standard output, and the program's whole process group dies with this
 * process, even after `kill -9`: setpriv asks the kernel for a SIGTERM on the parent's death
 * (prctl(2), PR_SET_PDEATHSIG), which a compiler's grandparent would not hand on, so a shell that leads the group
 * turns it into a SIGKILL for everyone.
 */
const GUARD = 'exec 2>&1; trap \'kill -s KILL -- -$$\' TERM; "$@" & wait "$!"';

const PASSED_ON = [
  'PATH',
  'HOME',
  'TMPDIR',
  'http_proxy',
  'https_proxy',
  'ftp_proxy',
  'no_proxy',
  'all_proxy',
];

/** A short, known environment: a stray CFLAGS, MAKEFLAGS or LOCALVERSION would change what is built. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const names = [...PASSED_ON, ...PASSED_ON.map((name) => name.toUpperCase())];
  const kept = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LC_ALL: 'C', ...extra };
}

/**
 * Runs a program to its end, line by line, in bounded memory. It gets no standard input. A non-zero exit is a
 * result, not an exception; death by a signal counts as 128 + its number would in a shell.
 *
 * @throws the signal's reason when it was aborted; by then the whole process group is gone.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const tail: string[] = [];
  const confined = confine(command, options);
  const subprocess = execa('setpriv', ['--pdeathsig', 'TERM', 'sh', '-c', GUARD, 'guard', ...confined], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    env: plainEnvironment(options.env),
    extendEnv: false,
    killDescendants: true,
    forceKillAfterDelay: 2000,
    reject: false,
    buffer: false,
    stripFinalNewline: false,
    stdio: ['ignore', 'pipe', 'ignore', ...(options.lock === undefined ? [] : [inherited(options.lock.fd)])],
  });
  for await (const line of subprocess.iterable()) {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    options.onLine?.(line);
  }
  const result = await subprocess;
  options.signal?.throwIfAborted();
  if (result.code === 'ENOENT') throw new MissingToolError('util-linux (setpriv)', 'run anything safely');
  return { exitCode: result.exitCode ?? 128 + (result.signal === 'SIGKILL' ? 9 : 15), tail };
}

/** The command as it is, or confined. The lock is no business of programs that nobody trusts: the guard keeps it. */
function confine(command: readonly string[], options: RunOptions): readonly string[] {
  const { area, cwd, env, lock } = options;
  if (area === undefined || area.confinement.how === 'not') return command;
  const argv = confinedCommand(command, { confinement: area.confinement, area, cwd, env });
  return lock === undefined ? argv : ['sh', '-c', 'exec "$@" 3<&-', 'unlocked', ...argv];
}

export interface Output {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a short program and keeps what it wrote, up to 64 MiB. A non-zero exit is a result. */
export async function capture(command: readonly string[], options: RunOptions = {}): Promise<Output> {
  options.signal?.throwIfAborted();
  const [file = '', ...args] = confine(command, options);
  const result = await execa(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    env: plainEnvironment(options.env),
    extendEnv: false,
    killDescendants: true,
    reject: false,
    maxBuffer: 64 << 20,
    stripFinalNewline: false,
    stdio: ['ignore', 'pipe', 'pipe', ...(options.lock === undefined ? [] : [inherited(options.lock.fd)])],
  });
  options.signal?.throwIfAborted();
  if (result.code === 'ENOENT') throw new MissingToolError(file, `run '${command.join(' ')}'`);
  return {
    exitCode: result.exitCode ?? 1,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
  };
}
