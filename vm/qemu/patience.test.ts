import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { atDeadline } from '../../common/deadline.ts';
import { patience, processorWaitMs } from './patience.ts';

describe('patience with a guest', () => {
  test('none with one that always had its processors', () => {
    const more = patience(1000, () => 7000);
    expect(more()).toBe(0);
  });

  test('as long as it waited for them since the beginning, and no time is given twice', () => {
    let waited = 7000;
    const more = patience(1000, () => waited);
    waited += 600;
    expect(more()).toBe(600);
    waited += 300;
    expect(more()).toBe(300);
    expect(more()).toBe(0);
  });

  test('it ends', () => {
    let waited = 0;
    const more = patience(1000, () => waited);
    waited = 1e9;
    expect(more()).toBe(3000);
    waited = 2e9;
    expect(more()).toBe(0);
  });
});

test('a deadline that is put off passes later, once', async () => {
  const extensions = [20, 20];
  const passed = Promise.withResolvers<number>();
  let times = 0;
  atDeadline(
    20,
    () => passed.resolve(++times),
    () => extensions.shift() ?? 0,
  );
  expect(await passed.promise).toBe(1);
  expect(extensions).toEqual([]);
});

test('a deadline that is called off does not pass', async () => {
  let passed = false;
  const off = atDeadline(10, () => void (passed = true));
  off();
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(passed).toBe(false);
});

test('a process that shares a processor has waited for it', async () => {
  // More than there are processors, each as busy as the others.
  const crowd = Array.from({ length: availableParallelism() + 2 }, () =>
    execFile('sh', ['-c', 'while :; do :; done']),
  );
  try {
    const until = Date.now() + 20_000;
    const waits = (): number[] => crowd.map(({ pid }) => processorWaitMs(pid ?? -1));
    while (Math.max(...waits()) < 50 && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(Math.max(...waits())).toBeGreaterThanOrEqual(50);
  } finally {
    for (const child of crowd) child.kill('SIGKILL');
  }
  expect(processorWaitMs(2 ** 30)).toBe(0);
});
