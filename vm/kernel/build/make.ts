import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { cacheDir } from '../../../common/cache.ts';
import { BuildEnvironmentError } from '../errors.ts';
import type { Lock } from '../process/lock.ts';
import { run } from '../process/run.ts';
import type { BuildOptions } from '../types.ts';
import { ErrorWatch, type FirstError } from './compile-error.ts';
import type { Toolchain } from './toolchain.ts';

/** Where make works and writes. All paths are absolute. */
export interface MakeSetting {
  readonly sourceDir: string;
  readonly buildDir: string;
  readonly log: string;
  readonly lock: Lock;
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
      onLine: (line) => {
        writeSync(log, `${line}\n`);
        watch.line(line);
        const object = /^ {2}(?:CC|AS) +(\S+\.o)$/.exec(line)?.[1];
        if (object !== undefined) objects += 1;
        if (object !== undefined) onObject?.(object);
        else if (/^ {2}LD +\S*vmlinux/.test(line)) options.onEvent?.({ type: 'link' });
      },
    });
    if (exitCode !== 0 && (watch.machineFault !== null || exitCode > 128)) {
      throw new BuildEnvironmentError(
        `The build stopped because of this machine, not of the source: ${watch.machineFault ?? `make was killed (exit ${exitCode})`}. See ${setting.log}.`,
      );
    }
    return { ok: exitCode === 0, error: exitCode === 0 ? null : watch.error, tail, objects };
  } finally {
    closeSync(log);
  }
}

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
