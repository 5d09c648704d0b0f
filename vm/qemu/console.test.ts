import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { readConsole, SerialConsole } from './console.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'console-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const mebibyte = 2 ** 20;

/** A console that gets what is written to a stream. */
function consoleOf(name: string, limitBytes?: number): { line: PassThrough; serial: SerialConsole } {
  const line = new PassThrough();
  return { line, serial: new SerialConsole(line, path.join(dir, name), limitBytes) };
}

async function end(line: PassThrough, serial: SerialConsole): Promise<string> {
  line.end();
  await serial.closed;
  return readFileSync(serial.path, 'latin1');
}

describe('a serial console', () => {
  test('keeps every byte, at once', async () => {
    const { line, serial } = consoleOf('whole');
    const found = serial.waitFor('READY', 5_000);
    line.write('booting\r\nREA');
    line.write(Buffer.from([0x44, 0x59, 0x0d, 0x0a, 0xff, 0x1b]));
    expect(await found).toBe(true);
    expect(readConsole(serial.path, 0, serial.size).toString('latin1')).toBe(
      'booting\r\nREADY\r\n\u{ff}\u{1b}',
    );
    expect(readConsole(serial.path, 9, 12).toString()).toBe('REA');
    expect(serial.problem).toBeUndefined();
    await end(line, serial);
    expect(await serial.waitFor('more', 5_000)).toBe(false);
  });

  test('that floods is cut off with a remark, and its last words are still heard', async () => {
    const { line, serial } = consoleOf('flood', mebibyte);
    const found = serial.waitFor('Kernel panic', 5_000);
    for (let at = 0; at < 5; at++) line.write(Buffer.alloc(300_000, 'x'));
    line.write('Kernel panic - not syncing: enough\r\n');
    expect(await found).toBe(true);
    expect(serial.problem).toBe('the console printed more than 1 MiB');
    expect(serial.tail).toContain('not syncing: enough');
    const kept = await end(line, serial);
    expect(kept.length).toBe(serial.size);
    expect(kept.slice(0, mebibyte)).toBe('x'.repeat(mebibyte));
    expect(kept.slice(mebibyte)).toBe(
      '\r\nringtrial: the console printed more than 1 MiB; the rest was not kept\r\n',
    );
  });

  test('that prints just as much as is kept is whole', async () => {
    const { line, serial } = consoleOf('just-so', 1000);
    line.write(Buffer.alloc(1000, 'x'));
    expect(await end(line, serial)).toBe('x'.repeat(1000));
    expect(serial.problem).toBeUndefined();
  });

  test('a full disk loses bytes and nothing else', async () => {
    // Whatever is written there does not fit.
    const line = new PassThrough();
    const serial = new SerialConsole(line, '/dev/full');
    line.write('lost');
    expect(await serial.waitFor('lost', 100)).toBe(false);
    expect(serial.problem).toBe('the console log could not be written: ENOSPC');
    expect(serial.tail).toBe('lost');
    expect(serial.size).toBe(0);
    line.end();
    await serial.closed;
  });
});
