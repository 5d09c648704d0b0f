import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { baseKernel } from '../../vm/kernel/testing.ts';
import { record } from './record.ts';
import { loadRecording } from './recording.ts';
import { replay } from './replay.ts';

const root = mkdtempSync(path.join(tmpdir(), 'ringtrial-replay-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a recorded run is run again, to the same byte', async (ctx) => {
  const { signal } = ctx;
  const { hash } = await baseKernel(signal);
  const out = path.join(root, 'recording');
  const options = {
    run: hash,
    test: 'memory-returned.memory-limit',
    attempts: 1,
    out,
    onNotice: () => {},
    signal,
  };
  await expect(record(options)).rejects.toThrow(/failed in none of 1 recorded runs/);
  const made = await record({ ...options, any: true });
  expect(made).toMatchObject({ result: 'passed', point: 'memory-limit', begin: expect.any(Number) });
  await expect(record({ ...options, any: true })).rejects.toThrow(/exists already/);
  const again = await replay({ recording: await loadRecording(out), signal });
  expect(again).toMatchObject({ identical: true, bytes: made.console.bytes });
});
