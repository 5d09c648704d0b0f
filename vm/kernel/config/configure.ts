import { appendFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type MakeResult, type MakeSetting, make, sourceFault } from '../build/make.ts';
import { notPlain } from '../build/plain-file.ts';
import { ConfigOptionError } from '../errors.ts';
import type { BuildOptions } from '../types.ts';
import { explainOptions } from './explain.ts';
import { formatConfig, type OptionValues, parseConfig, unmetOptions } from './fragments.ts';

export interface Configuration {
  readonly profile: string;
  /** `Tree.version`, for messages. */
  readonly version: string;
  readonly options: OptionValues;
}

/**
 * Makes the `.config`: tinyconfig, the wanted options after it (in a `.config` the last one counts), and olddefconfig to settle the rest.
 *
 * @returns make's result when kconfig itself failed, else null.
 * @throws ConfigOptionError when an option did not survive, with the reason for each.
 */
export async function configure(
  wanted: Configuration,
  setting: MakeSetting,
  options: BuildOptions,
): Promise<MakeResult | null> {
  options.onEvent?.({ type: 'configure', profile: wanted.profile });
  const file = path.join(setting.buildDir, '.config');
  await rm(file, { recursive: true, force: true });
  const tiny = await make(['tinyconfig'], setting, options);
  if (!tiny.ok) return tiny;
  if ((await notPlain(setting.buildDir, ['.config'])) !== null)
    return sourceFault('make tinyconfig left no plain .config', 'config');
  await appendFile(file, formatConfig(wanted.options));
  const settled = await make(['olddefconfig'], setting, options);
  if (!settled.ok) return settled;
  if ((await notPlain(setting.buildDir, ['.config'])) !== null)
    return sourceFault('make olddefconfig left no plain .config', 'config');

  const got = parseConfig(await readFile(file, 'utf8'));
  const unmet = unmetOptions(wanted.options, got);
  if (unmet.length > 0) {
    throw new ConfigOptionError(
      wanted.profile,
      wanted.version,
      await explainOptions(unmet, got, setting.sourceDir),
    );
  }
  return null;
}

/** Whether a change of this file may change what kconfig does: its own files, and the scripts that it runs. */
export const affectsConfig = (file: string): boolean =>
  /(^|\/)(Kconfig[^/]*|[^/]*\.config|[^/]*defconfig)$/.test(file) ||
  file.startsWith('scripts/') ||
  file === 'Makefile' ||
  file === 'arch/x86/Makefile';

/** Whether there is a `.config` at all. */
export const hasConfig = (buildDir: string): Promise<boolean> =>
  stat(path.join(buildDir, '.config')).then(
    () => true,
    () => false,
  );

export const writeLogHeader = (log: string, lines: readonly string[]): Promise<void> =>
  writeFile(log, `${lines.map((line) => `# ${line}`).join('\n')}\n`);
