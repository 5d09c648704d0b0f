import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nightFile, nightName, nightsIn, removeOld } from './nights.ts';

let state: string;
beforeEach(() => void (state = mkdtempSync(path.join(tmpdir(), 'ringtrial-nights-'))));
afterEach(() => rm(state, { recursive: true }));

function night(name: string, ...files: string[]): string {
  const directory = path.join(state, name);
  mkdirSync(directory);
  for (const file of files) writeFileSync(path.join(directory, file), '{}');
  return directory;
}

test('the first night has nothing to compare with', async () => {
  expect(await nightsIn(path.join(state, 'nowhere'))).toEqual({ last: undefined, stopped: undefined });
});

test('the newest night that went to its end counts, and a newer one that was stopped goes on', async () => {
  night('2026-01-01-020000', 'plan.json', nightFile);
  const last = night('2026-01-02-020000', 'plan.json', nightFile);
  const stopped = night('2026-01-03-020000', 'plan.json');
  night('2026-01-04-020000');
  night('notes', nightFile);
  expect(await nightsIn(state)).toEqual({ last, stopped });
});

test('a night that was stopped before the last whole one is left alone', async () => {
  night('2026-01-01-020000', 'plan.json');
  const last = night('2026-01-02-020000', 'plan.json', nightFile);
  expect(await nightsIn(state)).toEqual({ last, stopped: undefined });
});

test('only the newest nights are kept, and nothing that is no night goes', async () => {
  for (const day of [1, 2, 3]) night(`2026-01-0${day}-020000`, nightFile);
  night('notes');
  await removeOld(state, 0);
  expect(readdirSync(state)).toEqual(['2026-01-03-020000', 'notes']);
});

test('names of nights sort by their time', () => {
  expect(nightName(new Date(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02-030405');
});
