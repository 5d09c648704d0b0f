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

/** Puts a suite's programs into a guest over SSH and has the guest confirm their hashes. */
export async function pushSuite(guest: Guest, suite: Suite, signal?: AbortSignal): Promise<void> {
  const sums = suite.programs.map((program) => `${program.sha256}  ${program.name}\n`).join('');
  const command = `cd ${guestTests} && tar -xzf - && printf '%s' '${sums}' | sha256sum -c -s`;
  const result = await guest.exec(command, {
    stdin: await packPrograms(suite.programs),
    deadlineMs: 60_000,
    ...(signal ? { signal } : {}),
  });
  if (result.outcome.type !== 'exited' || result.outcome.code !== 0) {
    throw new PushError(
      `The test programs could not be put into the guest (${describeOutcome(result)}). Its console: ${guest.console.path}`,
    );
  }
}

async function packPrograms(programs: readonly Program[]): Promise<Buffer> {
  const directories = programs.flatMap((program) => [
    '-C',
    program.path.slice(0, -program.name.length),
    program.name,
  ]);
  const { stdout } = await execa('tar', ['-cz', '--owner=0', '--group=0', ...directories], {
    encoding: 'buffer',
    maxBuffer: 256 * 1024 * 1024,
  });
  return Buffer.from(stdout);
}

/** Runs one program to its end or its deadline. Both its output streams come back. */
export async function runProgram(guest: Guest, program: Program, signal?: AbortSignal): Promise<ExecResult> {
  const announce = `echo 'ringtrial: begin of ${program.name}' > /dev/kmsg`;
  return await guest.exec(`${announce}; cd /tmp && exec ${guestTests}/${program.name}`, {
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
