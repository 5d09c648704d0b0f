import { statfs } from 'node:fs/promises';
import { NoSpaceError } from '../errors.ts';

/** @throws NoSpaceError when fewer than `wanted` bytes are free for this user where `dir` lives. */
export async function requireSpace(what: string, dir: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < wanted) throw new NoSpaceError({ what, dir, wanted, free });
}
