import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Where everything lives that can be made again: downloads, kernel trees, builds, images.
 * `$XDG_CACHE_HOME/ringtrial`, by default `~/.cache/ringtrial` (XDG Base Directory Specification).
 */
export const cacheRoot = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'ringtrial');

/** A directory below the cache root, created (mode 0700 for the root itself) when it is missing. */
export async function cacheDir(...parts: string[]): Promise<string> {
  await mkdir(cacheRoot(), { recursive: true, mode: 0o700 });
  const dir = path.join(cacheRoot(), ...parts);
  await mkdir(dir, { recursive: true });
  return dir;
}
