import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { askProgram } from './ask.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-ask-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const secret = path.join(scratch, 'secret');
writeFileSync(secret, 'key');

function program(name: string, script: string): string {
  const file = path.join(scratch, name, 'program');
  mkdirSync(path.dirname(file));
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

test("somebody else's program answers, and sees nothing of this machine", async () => {
  const curious = program(
    'curious',
    `cat ${secret} 2>/dev/null; echo "$1 as $(id -u)"; ls /root /home 2>/dev/null; true`,
  );
  const answer = await askProgram(curious, '--list', { trusted: false });
  expect(answer).toMatch(/^--list as [1-9]\d*\n$/);
  expect(await askProgram(curious, '--list', { trusted: true })).toMatch(/^key--list as/);
});

test('one that fails has not answered', async () => {
  const failing = program('failing', 'echo half; exit 3');
  expect(await askProgram(failing, '--help', { trusted: false })).toBeUndefined();
});

test('whoever waits for one that does not end can give up', async () => {
  const endless = program('endless', 'exec sleep 60');
  const asked = askProgram(endless, '--list', { trusted: false, signal: AbortSignal.timeout(300) });
  await expect(asked).rejects.toThrow(/timeout/i);
});
