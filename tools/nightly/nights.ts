import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Written into a night's directory when all is done, so that a night that was stopped is known by its lack. */
export const nightFile = 'night.json';

/** The directories of nights, named by their date so that they sort. */
export interface Nights {
  /** The newest night that went to its end; undefined on the first. */
  readonly last: string | undefined;
  /** A night that was stopped before its end, and is newer than `last`. */
  readonly stopped: string | undefined;
}

async function directoriesIn(state: string): Promise<string[]> {
  const names = await readdir(state).catch(() => []);
  const nights = names.filter((name) => /^\d{4}-\d\d-\d\d-\d{6}$/.test(name)).toSorted();
  return nights.map((name) => path.join(state, name));
}

/** What earlier nights left behind. */
export async function nightsIn(state: string): Promise<Nights> {
  const newestFirst = (await directoriesIn(state)).toReversed();
  const over = newestFirst.findIndex((directory) => existsSync(path.join(directory, nightFile)));
  const newer = over < 0 ? newestFirst : newestFirst.slice(0, over);
  // Without a plan there is nothing that one could go on with.
  const stopped = newer.find((directory) => existsSync(path.join(directory, 'plan.json')));
  return { last: newestFirst[over], stopped };
}

/** The name of a night that begins now. Local time. */
export function nightName(now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
}

/** Removes all nights but the newest ones, as many as `keep`, at least 1. @returns those removed */
export async function removeOld(state: string, keep: number): Promise<string[]> {
  const old = (await directoriesIn(state)).slice(0, -Math.max(1, keep));
  for (const directory of old) await rm(directory, { recursive: true });
  return old;
}
