import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ExecaError, execa } from 'execa';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import type { Guest } from '../../vm/qemu/guest.ts';

/** The kernel did not give its counters, or gcov cannot read them. */
export class CountersError extends RingtrialError {
  readonly code = 'NO_COVERAGE';
  override readonly exitCode = ExitCode.inconclusive;
}

/** More than all objects of io_uring/ together ever had, so that a guest cannot fill the host's memory. */
const mostBytes = 32 * 1024 * 1024;
const deadlineMs = 60_000;

/**
 * Each counter file of debugfs (kernel/gcov/fs.c) as a line `NAME SIZE` and its bytes. They are
 * copied first: a file of debugfs has no size, and another one at each reading. Then counting begins anew, for the
 * next program in the same guest.
 */
const dumpCounters = [
  'cd /sys/kernel/debug/gcov || exit 1',
  'find . -name "*.gcda" -path "*/io_uring/*" | while read -r f',
  'do cat "$f" > /tmp/counters; echo "${f##*/} $(wc -c < /tmp/counters)"; cat /tmp/counters; done',
  'echo 0 > reset',
].join('; ');

/**
 * The counters of a guest's kernel, by object (`rw.gcda`), in gcc's format.
 *
 * @throws CountersError when the guest does not answer, or answers something else
 */
export async function takeCounters(guest: Guest, signal?: AbortSignal): Promise<Map<string, Buffer>> {
  const { outcome, stdout } = await guest.exec(dumpCounters, { deadlineMs, ...(signal ? { signal } : {}) });
  if (outcome.type !== 'exited' || outcome.code !== 0 || stdout.length > mostBytes)
    throw new CountersError('The guest did not give its coverage counters (/sys/kernel/debug/gcov).');
  return unpackCounters(stdout);
}

/** @throws CountersError when the bytes are not what `dumpCounters` prints: a guest's word is not to be trusted. */
export function unpackCounters(bytes: Buffer): Map<string, Buffer> {
  const counters = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at);
    const [, name = '', size = ''] =
      /^([\w-]+\.gcda) +(\d{1,8})$/.exec(bytes.toString('latin1', at, end)) ?? [];
    at = end + 1 + Number(size);
    if (name === '' || end < 0 || at > bytes.length)
      throw new CountersError('The guest sent something else than its coverage counters.');
    counters.set(name, bytes.subarray(end + 1, at));
  }
  return counters;
}

/**
 * Reads counters with gcov(1), of the compiler that built the kernel.
 *
 * @param notes the kernel's `.gcno` files (`Kernel.notes`)
 * @returns one JSON document for each object that has notes
 * @throws CountersError
 */
export async function runGcov(
  notes: string,
  counters: ReadonlyMap<string, Buffer>,
  signal?: AbortSignal,
): Promise<string[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'ringtrial-gcov-'));
  try {
    const known = await readdir(notes).catch((): string[] => []);
    const objects = [...counters].filter(([name]) => known.includes(name.replace(/\.gcda$/, '.gcno')));
    if (objects.length === 0)
      throw new CountersError(`No object of io_uring/ was counted; the kernel's notes: ${notes}`);
    for (const [name, content] of objects) {
      const note = name.replace(/\.gcda$/, '.gcno');
      await copyFile(path.join(notes, note), path.join(scratch, note));
      await writeFile(path.join(scratch, name), content);
    }
    return await documentsOf(
      objects.map(([name]) => name),
      scratch,
      signal,
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function documentsOf(
  names: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  try {
    const { stdout } = await execa('gcov', ['--json-format', '--stdout', ...names], {
      cwd,
      timeout: deadlineMs,
      maxBuffer: 256 * 1024 * 1024,
      ...(signal ? { cancelSignal: signal } : {}),
    });
    return stdout.split('\n').filter((line) => line.startsWith('{'));
  } catch (cause) {
    signal?.throwIfAborted();
    if (!(cause instanceof ExecaError)) throw cause;
    throw new CountersError(`gcov could not read the counters: ${cause.shortMessage}`, { cause });
  }
}
