import { accessSync, constants, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { MissingToolError } from '../errors.ts';

/** Where a program is on PATH; null when it is not. */
export function which(name: string): string | null {
  for (const dir of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(dir || '.', name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next one.
    }
  }
  return null;
}

/** @throws MissingToolError for the first of `names` that is not on PATH. */
export function requireTools(names: readonly string[], purpose: string): void {
  for (const name of names) {
    if (which(name) === null) throw new MissingToolError(name, purpose);
  }
}

/** What a build calls that somebody may have installed elsewhere than Debian does. */
const TOOLS = ['gcc', 'ld', 'as', 'ar', 'nm', 'objcopy', 'make', 'flex', 'bison', 'bc', 'perl', 'ccache'];

/**
 * The directories that those tools need which do not lie below one of `system`: where they are found, and the
 * prefix that they were installed to, with their libraries, unless it is a home.
 */
export function toolDirectories(system: readonly string[]): string[] {
  const home = `${homedir()}/`;
  const outside = (place: string): boolean => !system.some((top) => `${place}/`.startsWith(`${top}/`));
  const found = TOOLS.flatMap((name) => {
    const file = which(name);
    if (file === null) return [];
    const own = path.dirname(path.resolve(file));
    const real = path.dirname(realpathSync(file));
    const prefix = path.dirname(real);
    const whole = path.basename(real) === 'bin' && !home.startsWith(`${prefix}/`) && prefix !== '/';
    return [own, whole ? prefix : real];
  });
  return [...new Set(found.filter(outside))];
}
