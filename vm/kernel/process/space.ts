import { statfs } from 'node:fs/promises';
import { NoSpaceError } from '../errors.ts';

/** A Linux 6.x source takes 1.4 GB of disk (measured for 6.1); newer ones grow. */
export const TREE_BYTES = 1.8e9;

/**
 * Runs an action that writes below `dir`. Checks beforehand cannot see what others write meanwhile.
 *
 * @throws NoSpaceError instead of ENOSPC and EDQUOT.
 */
export async function sayingNoSpace<T>(what: string, dir: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const { bavail, bsize } = await statfs(dir);
    throw new NoSpaceError({ what, dir, wanted: TREE_BYTES, free: bavail * bsize }, { cause: error });
  }
}

/** @throws NoSpaceError when fewer than `wanted` bytes are free for this user where `dir` lives. */
export async function requireSpace(what: string, dir: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < wanted) throw new NoSpaceError({ what, dir, wanted, free });
}
