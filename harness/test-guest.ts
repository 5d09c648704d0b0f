import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { ExitCode, RingtrialError } from '../common/errors.ts';
import type { Guest } from '../vm/qemu/guest.ts';
import type { ExecResult } from '../vm/ssh/connection.ts';
import type { Program, Suite } from './suite.ts';

/** The test programs did not arrive in the guest as they were sent. */
export class PushError extends RingtrialError {
  readonly code = 'PUSH_FAILED';
  override readonly exitCode = ExitCode.inconclusive;
}

/** A directory of the guest where the programs lie. */
export const guestTests = '/tests';

/**
 * Of one step of a guest's preparation. It takes seconds on an idle machine, and a busy one is no fault of the
 * guest's: unpacking and hashing emulated, with the load of ten others, took more than a minute.
 */
const preparationMs = 300_000;

/** Puts a suite's programs into a guest over SSH and has the guest confirm their hashes. */
export async function pushSuite(guest: Guest, suite: Suite, signal?: AbortSignal): Promise<void> {
  const sums = suite.programs.map((program) => `${program.sha256}  ${program.name}\n`).join('');
  const command = `cd ${guestTests} && tar -xJf - && printf '%s' '${sums}' | sha256sum -c -s`;
  const result = await guest.exec(command, {
    stdin: await packPrograms(suite.programs),
    deadlineMs: preparationMs,
    ...(signal ? { signal } : {}),
  });
  if (result.outcome.type !== 'exited' || result.outcome.code !== 0) {
    throw new PushError(
      `The test programs could not be put into the guest (${describeOutcome(result)}). Its console: ${guest.console.path}`,
    );
  }
}

/**
 * What a guest says of its memory after boot is nobody's fault under test: kmemleak (mm/kmemleak.c)
 * looks at objects older than 5 s, and `clear` makes it forget those that it holds for lost.
 */
const calmKmemleak =
  'k=/sys/kernel/debug/kmemleak; if [ -w $k ]; then sleep 6; echo scan > $k; echo clear > $k; fi';

/** What ran at boot is not what a test ran (kernel/gcov/fs.c, 5.10 to 7.x). */
const resetCounters = 'c=/sys/kernel/debug/gcov/reset; if [ -w $c ]; then echo 0 > $c; fi';

/** Another name when guests are made ready in another way: kept snapshots of the old way are no good then. */
export const preparation = createHash('sha256')
  .update(calmKmemleak + resetCounters)
  .digest('hex');

/** Makes a booted guest ready for tests: the programs are there, and it has no earlier complaints. */
export async function prepareGuest(guest: Guest, suite: Suite, signal?: AbortSignal): Promise<void> {
  await pushSuite(guest, suite, signal);
  await runSuitePreparation(guest, suite, signal);
  await guest.exec(`${calmKmemleak}; ${resetCounters}`, {
    deadlineMs: preparationMs,
    ...(signal ? { signal } : {}),
  });
}

/** What the suite's own programs need in the guest, before it is first forked. */
async function runSuitePreparation(guest: Guest, suite: Suite, signal?: AbortSignal): Promise<void> {
  if (suite.prepare === undefined) return;
  const result = await guest.exec(suite.prepare, {
    deadlineMs: preparationMs,
    ...(signal ? { signal } : {}),
  });
  if (result.outcome.type === 'exited' && result.outcome.code === 0) return;
  const said = result.stderr.toString('utf8').trim().split('\n').slice(-3).join('; ');
  throw new PushError(
    `The guest could not be made ready for suite "${suite.name}" (${describeOutcome(result)}): ${said}. Its console: ${guest.console.path}`,
  );
}

/**
 * Each program has the same C library in it, a megabyte that is packed once when the window spans several
 * programs: 2 MB for 48 of them, where gzip gives 31 MB, which an emulated guest took a minute to receive.
 */
const compress = 'xz -T1 --lzma2=preset=1,dict=8MiB';

async function packPrograms(programs: readonly Program[]): Promise<Buffer> {
  const directories = programs.flatMap((program) => [
    '-C',
    program.path.slice(0, -program.name.length),
    program.name,
  ]);
  const { stdout } = await execa('tar', ['-c', '-I', compress, '--owner=0', '--group=0', ...directories], {
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
  });
  return Buffer.from(stdout);
}

export interface ProgramRun {
  /** How much slower than the profile `lockdep` the kernel is: the program's own waits are as much longer. */
  readonly timeScale: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs one program to its end or its deadline. Both its output streams come back. */
export async function runProgram(
  guest: Guest,
  program: Program,
  { timeScale, signal }: ProgramRun,
): Promise<ExecResult> {
  const announce = `echo 'ringtrial: begin of ${program.name}' > /dev/kmsg`;
  const run = `RINGTRIAL_TIME_SCALE=${timeScale} exec ${guestTests}/${program.name}`;
  return await guest.exec(`${announce}; cd /tmp && ${run}`, {
    deadlineMs: program.deadlineSeconds * 1000,
    ...(signal ? { signal } : {}),
  });
}

/** One clause about how a command ended. */
export function describeOutcome(result: ExecResult): string {
  const { outcome } = result;
  switch (outcome.type) {
    case 'exited':
      return `exit status ${outcome.code}`;
    case 'signalled':
      return `killed by ${outcome.signal}`;
    case 'deadline':
      return `no end within ${Math.round(result.milliseconds / 1000)} s`;
    case 'lost':
      return `connection lost: ${outcome.reason}`;
  }
}
