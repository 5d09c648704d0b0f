import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { NotAKernelTreeError } from '../errors.ts';
import type { Lock } from '../process/lock.ts';
import { run } from '../process/run.ts';
import { requireSpace, TREE_BYTES } from '../process/space.ts';
import type { KernelOptions } from '../types.ts';

/** tar's records are 10 KiB unless told otherwise. */
const RECORD = 10_240;

/** How tar is told to unpack: our user's files with our umask, and a line for every 20 MB. */
const TAR = [
  'tar',
  '--extract',
  '--no-same-owner',
  '--no-same-permissions',
  '--checkpoint=2000',
  '--checkpoint-action=echo=unpacked %u',
];

export interface Unpacking {
  /** For people. */
  readonly what: string;
  readonly into: string;
  readonly lock: Lock;
}

/** Unpacks a tarball of any compression that tar knows. */
export const unpackTarball = (file: string, job: Unpacking, options: KernelOptions): Promise<void> =>
  unpack([...TAR, '--file', file, '--directory', job.into], job, options);

/** Unpacks the tarball `member` inside a Debian package, without a copy of it on disk. */
export const unpackFromDeb = (
  deb: { file: string; member: string },
  job: Unpacking,
  options: KernelOptions,
): Promise<void> =>
  unpack(
    [
      ...['bash', '-o', 'pipefail', '-c'],
      'dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout "$2" | "${@:4}" --xz --directory "$3"',
      ...['unpack', deb.file, deb.member, job.into, ...TAR],
    ],
    job,
    options,
  );

/** Unpacks what a command writes as a tar stream, e.g. `git archive`. */
export const unpackFrom = (
  producer: readonly string[],
  job: Unpacking,
  options: KernelOptions,
): Promise<void> =>
  unpack(
    [
      ...[
        'bash',
        '-o',
        'pipefail',
        '-c',
        'into=$1 n=$2; shift 2; "${@:n+1}" | "${@:1:n}" --directory "$into"',
      ],
      ...['unpack', job.into, `${TAR.length}`, ...TAR, ...producer],
    ],
    job,
    options,
  );

async function unpack(command: readonly string[], job: Unpacking, options: KernelOptions): Promise<void> {
  const { exitCode, tail } = await run(command, {
    signal: options.signal,
    lock: job.lock,
    onLine: (line) => {
      const records = /unpacked (\d+)$/.exec(line)?.[1];
      if (records !== undefined)
        options.onEvent?.({ type: 'unpack', what: job.what, bytes: Number(records) * RECORD, total: null });
    },
  });
  if (exitCode === 0) return;
  const said = tail
    .filter((line) => !/unpacked \d+$/.test(line))
    .slice(-3)
    .join('; ');
  if (said.includes('No space left on device'))
    await requireSpace(`unpacking ${job.what}`, job.into, TREE_BYTES);
  throw new NotAKernelTreeError(`${job.what} cannot be unpacked: ${said}`);
}

/** The directory below `dir` that holds the source: `dir` itself, or the only directory in it. */
export async function topOf(dir: string): Promise<string> {
  const entries = await readdir(dir, { withFileTypes: true });
  const only = entries[0];
  return entries.length === 1 && only?.isDirectory() === true ? path.join(dir, only.name) : dir;
}
