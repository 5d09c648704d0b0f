import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CellTime } from './cell-time.ts';

test('the parts of a cell add up, what fails included, and leave the rest to the harness', async () => {
  const time = new CellTime();
  await time.of('program', () => sleep(20));
  await expect(
    time.of('program', () => sleep(20).then(() => Promise.reject(new Error('lost')))),
  ).rejects.toThrow();
  await sleep(20);
  const { guest, program, questions } = time.parts;
  expect([guest, questions]).toEqual([0, 0]);
  expect(program).toBeGreaterThanOrEqual(38);
  expect(time.milliseconds - program).toBeGreaterThanOrEqual(18);
});
