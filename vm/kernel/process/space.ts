import { statfs } from 'node:fs/promises';
import { NoSpaceError } from '../errors.ts';

/** A Linux 6.x source takes 1.4 GB of disk (measured for 6.1); newer ones grow. */
export const TREE_BYTES = 1.8e9;

/** @throws NoSpaceError when fewer than `wanted` bytes are free for this user where `dir` lives. */
export async function requireSpace(what: string, dir: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < wanted) throw new NoSpaceError({ what, dir, wanted, free });
}
