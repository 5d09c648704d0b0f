import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { NotAKernelTreeError } from '../errors.ts';

/**
 * The version of a kernel source as `make kernelversion` prints it, from the four assignments at the top of
 * its Makefile; null when there are none.
 */
export function parseKernelVersion(makefile: string): string | null {
  const value = (name: string): string | null =>
    new RegExp(`^${name}\\s*=[ \\t]*(.*?)[ \\t]*$`, 'm').exec(makefile)?.[1] ?? null;
  const [version, patchlevel, sublevel] = [value('VERSION'), value('PATCHLEVEL'), value('SUBLEVEL')];
  if (version === null || patchlevel === null || sublevel === null || !/^\d+$/.test(version)) return null;
  const numbers = [version, patchlevel, sublevel].filter((number) => number !== '').join('.');
  return `${numbers}${value('EXTRAVERSION') ?? ''}`;
}

/** `6.1` of `6.1.192`. */
export const seriesOf = (version: string): string => /^\d+(\.\d+)?/.exec(version)?.[0] ?? version;

/**
 * @param named what the user called it, for the message.
 * @throws NotAKernelTreeError when `dir` does not look like the top of a Linux source.
 */
export async function kernelVersionOf(dir: string, named: string): Promise<string> {
  const makefile = await readFile(path.join(dir, 'Makefile'), 'utf8').catch(() => null);
  if (makefile === null) throw new NotAKernelTreeError(`${named} is no Linux source: it has no Makefile.`);
  const version = parseKernelVersion(makefile);
  if (version === null)
    throw new NotAKernelTreeError(`${named} is no Linux source: its Makefile gives no kernel version.`);
  for (const needed of ['Kconfig', 'arch/x86/Makefile', 'scripts/Makefile.build', 'init/main.c']) {
    const there = await access(path.join(dir, needed)).then(
      () => true,
      () => false,
    );
    if (!there) throw new NotAKernelTreeError(`${named} is no complete Linux source: ${needed} is missing.`);
  }
  return version;
}
