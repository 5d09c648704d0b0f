import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isRunning } from './process.ts';

const usersOf = (entry: string): string => path.join(entry, 'users');

/**
 * Notes that this process uses an entry of a cache, as long as it lives, and that the entry was used now. Whoever makes
 * room leaves such an entry alone (`hasUsers`).
 */
export async function noteUser(entry: string): Promise<void> {
  await mkdir(usersOf(entry), { recursive: true });
  await writeFile(path.join(usersOf(entry), String(process.pid)), '');
  const gone = (await pidsOf(entry)).filter((pid) => !isRunning(pid));
  for (const pid of gone) await rm(path.join(usersOf(entry), String(pid)), { force: true });
  await utimes(entry, new Date(), new Date());
}

/** Whether a living process has noted that it uses an entry. */
export const hasUsers = async (entry: string): Promise<boolean> =>
  (await pidsOf(entry)).some((pid) => isRunning(pid));

const pidsOf = async (entry: string): Promise<number[]> =>
  (await readdir(usersOf(entry)).catch(() => [])).map(Number).filter((pid) => pid > 0);
