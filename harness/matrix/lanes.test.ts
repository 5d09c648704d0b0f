import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Job, runLanes } from './lanes.ts';

type Lane = 'build' | 'guests';
const tick = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const job = (
  key: string,
  lane: Lane,
  needs: readonly string[],
  run: () => Promise<void> = tick,
): Job<Lane> => ({
  ...{ key, lane, needs, run },
});

test('the next kernel is built while the last one is tested', async () => {
  const log: string[] = [];
  const step = (name: string) => async (): Promise<void> => {
    log.push(`${name} begins`);
    await tick(5);
    log.push(`${name} ends`);
  };
  await runLanes([
    job('build 1', 'build', [], step('build 1')),
    job('test 1', 'guests', ['build 1'], step('test 1')),
    job('build 2', 'build', [], step('build 2')),
    job('test 2', 'guests', ['build 2'], step('test 2')),
  ]);
  expect(log.indexOf('build 2 begins')).toBeLessThan(log.indexOf('test 1 ends'));
  expect(log.indexOf('build 1 ends')).toBeLessThan(log.indexOf('test 1 begins'));
  expect(log.at(-1)).toBe('test 2 ends');
});

test('every job runs once, after all that it needs, and never beside one of its lane', async () => {
  const graph = fc.array(
    fc.record({ lane: fc.constantFrom<Lane>('build', 'guests'), needs: fc.array(fc.nat(20)) }),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(graph, async (nodes) => {
      const done: number[] = [];
      const busy = new Set<Lane>();
      const jobs = nodes.map(({ lane, needs }, index) => {
        const earlier = needs.filter((need) => need < index);
        return job(`${index}`, lane, earlier.map(String), async () => {
          expect(busy.has(lane)).toBe(false);
          expect(earlier.every((need) => done.includes(need))).toBe(true);
          busy.add(lane);
          await Promise.resolve();
          busy.delete(lane);
          done.push(index);
        });
      });
      await runLanes(jobs);
      expect(done.toSorted((a, b) => a - b)).toEqual(nodes.map((_, index) => index));
    }),
    { numRuns: 100 },
  );
});

test('after a failure nothing further begins, and what runs is waited for', async () => {
  let ended = false;
  const jobs = [
    job('long', 'guests', [], async () => {
      await tick(20);
      ended = true;
    }),
    job('bad', 'build', [], () => Promise.reject(new Error('no'))),
    job('next', 'build', [], () => Promise.reject(new Error('must not begin'))),
  ];
  await expect(runLanes(jobs)).rejects.toThrow('no');
  expect(ended).toBe(true);
});

test('an abort ends it with its reason', async () => {
  const controller = new AbortController();
  const jobs = [
    job('a', 'build', [], async () => controller.abort(new Error('stopped'))),
    job('b', 'build', [], () => Promise.reject(new Error('must not begin'))),
  ];
  await expect(runLanes(jobs, controller.signal)).rejects.toThrow('stopped');
});

test('jobs that wait for one another are told, not waited for', async () => {
  await expect(runLanes([job('a', 'build', ['b']), job('b', 'build', ['a'])])).rejects.toThrow(/a, b/);
});
