import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { cacheDir } from '../../../common/cache.ts';
import { BuildEnvironmentError } from '../errors.ts';
import type { Lock } from '../process/lock.ts';
import { run } from '../process/run.ts';
import type { Area } from '../process/sandbox.ts';
import type { BuildOptions } from '../types.ts';
import { ErrorWatch, type FirstError } from './compile-error.ts';
import type { Toolchain } from './toolchain.ts';

/** Where make works and writes. All paths are absolute. */
export interface MakeSetting {
  readonly sourceDir: string;
  readonly buildDir: string;
  readonly log: string;
  readonly lock: Lock;
  /** What make, and all that it starts, has of this machine. */
  readonly area: Area;
  readonly toolchain: Toolchain;
  /** Goes into the kernel's banner as the build host, so that a console log proves which kernel ran. */
  readonly stamp: string;
  /** `Profile.makeVariables`. */
  readonly makeVariables: Readonly<Record<string, string>>;
}

export interface MakeResult {
  readonly ok: boolean;
  readonly error: FirstError | null;
  readonly tail: readonly string[];
  /** Target objects that were compiled or assembled. */
  readonly objects: number;
}

/** The user part of the banner, `Linux version 6.1.192 (ringtrial@STAMP) …`. */
export const BUILD_USER = 'ringtrial';

/** Same inputs, same bytes: nothing of this machine, of git or of the hour goes into the image. */
const REPRODUCIBLE = [
  'ARCH=x86_64',
  'LOCALVERSION=',
  'KBUILD_BUILD_VERSION=1',
  'KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970',
  `KBUILD_BUILD_USER=${BUILD_USER}`,
];

/**
 * Runs make's `targets` and appends what it says to the log.
 *
 * @throws BuildEnvironmentError when this machine is at fault, the signal's reason when aborted.
 */
export async function make(
  targets: readonly string[],
  setting: MakeSetting,
  options: BuildOptions,
  onObject?: (object: string) => void,
): Promise<MakeResult> {
  const watch = new ErrorWatch(setting.sourceDir, setting.buildDir);
  const log = openSync(setting.log, 'a');
  let objects = 0;
  try {
    const { exitCode, tail } = await run([...command(setting, options), ...targets], {
      cwd: setting.sourceDir,
      // Depend mode; see findToolchain.
      env: { CCACHE_DIR: await cacheDir('ccache'), CCACHE_DEPEND: '1' },
      signal: options.signal,
      lock: setting.lock,
      area: setting.area,
      onLine: (line) => {
        writeSync(log, `${line}\n`);
        watch.line(line);
        const object = /^ {2}(?:CC|AS) +([\w./+-]+\.o)$/.exec(line)?.[1];
        if (object !== undefined) objects += 1;
        if (object !== undefined) onObject?.(object);
        else if (/^ {2}LD +\S*vmlinux/.test(line)) options.onEvent?.({ type: 'link' });
      },
    });
    const fault = watch.machineFault;
    const ours = fault !== null && (await isOurs(fault, setting.buildDir));
    if (exitCode !== 0 && (ours || exitCode > 128)) {
      throw new BuildEnvironmentError(
        `The build stopped because of this machine, not of the source: ${fault ?? `make was killed (exit ${exitCode})`}. See ${setting.log}.`,
      );
    }
    return { ok: exitCode === 0, error: exitCode === 0 ? null : watch.error, tail, objects };
  } finally {
    closeSync(log);
  }
}

/** What make's result would be if it had found a fault of the source that only we see. */
export const sourceFault = (message: string, kind: FirstError['kind'] = 'other'): MakeResult => ({
  ok: false,
  error: { kind, file: null, line: null, message },
  tail: message.split('\n'),
  objects: 0,
});

/**
 * A source that is written to where nothing may be written is a fault of the source. The build directory cannot be
 * written when the disk is at fault.
 */
const isOurs = (fault: string, buildDir: string): Promise<boolean> =>
  fault.includes('Read-only file system')
    ? access(buildDir, constants.W_OK).then(
        () => false,
        () => true,
      )
    : Promise.resolve(true);

/** make groups the output of each target, so that two failing compilers do not write into each other's lines. */
const command = (setting: MakeSetting, options: BuildOptions): string[] => [
  ...(options.niceness === undefined ? [] : ['nice', '-n', `${options.niceness}`]),
  ...[
    'make',
    '-C',
    setting.sourceDir,
    `O=${setting.buildDir}`,
    '--no-print-directory',
    '--output-sync=target',
  ],
  ...[`-j${options.jobs ?? availableParallelism()}`, ...REPRODUCIBLE, `KBUILD_BUILD_HOST=${setting.stamp}`],
  ...[`CC=${setting.toolchain.cc}`, `HOSTCC=${setting.toolchain.hostCc}`],
  ...Object.entries(setting.makeVariables).map(([name, value]) => `${name}=${value}`),
];
