import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadRecording, type Recording, recordingPlace } from './recording.ts';
import { checkUsable } from './replay.ts';

const root = mkdtempSync(path.join(tmpdir(), 'ringtrial-recording-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const recording: Recording = {
  schema: 'ringtrial.recording/1',
  ...{ suite: 'fixed-buffers', program: 'p', memoryMiB: 512, icountShift: 3, commandLine: '' },
  kernel: { hash: 'ab'.repeat(32), version: '6.1.1', vmlinux: path.join(root, 'vmlinux'), sha256: 'no' },
  qemu: 'QEMU emulator version 0.1',
  ...{ result: 'failed', text: [], attempt: 1, attempts: 1, begin: 1, end: 2 },
  console: { bytes: 0, sha256: '' },
  ...{ directory: '/elsewhere', recordedAt: new Date(0).toISOString(), seconds: 1 },
};

const kept = (run: string, test: string, text = JSON.stringify(recording)): string => {
  const place = recordingPlace(path.join(root, run), test);
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, 'recording.json'), text);
  return place;
};

describe('a recording', () => {
  test('is found by its directory and as RUN:TEST, wherever its run lies now', async () => {
    const place = kept('run', 'p');
    for (const finding of [place, `${root}/run:p`])
      expect(await loadRecording(finding)).toEqual({ ...recording, directory: place });
  });

  test('of the other kernel lies beside it', () =>
    expect(recordingPlace('/r/run:base', 'p.point')).toBe('/r/run/recordings/base-p.point'));

  test('that is not there: the message says how to make one', async () => {
    await expect(loadRecording(`${root}/run:q`)).rejects.toThrow(`ringtrial record ${root}/run q`);
    await expect(loadRecording(root)).rejects.toThrow('is no recording');
  });

  test('that is damaged', async () => {
    kept('damaged', 'p', '{"schema":"ringtrial.recording/7"}');
    await expect(loadRecording(`${root}/damaged:p`)).rejects.toThrow(/damaged, or another version/);
  });
});

describe('a recording cannot be run again', () => {
  const place = kept('unusable', 'p');
  const here = { ...recording, directory: place };

  test('without its log, its kernel, or the same QEMU', async () => {
    await expect(checkUsable(here)).rejects.toThrow(/has lost its instructions.log/);
    for (const name of ['instructions.log', 'initrd', 'console.log'])
      writeFileSync(path.join(place, name), '');
    await expect(checkUsable(here)).rejects.toThrow(/no longer in the cache/);
    writeFileSync(recording.kernel.vmlinux, '');
    await expect(checkUsable(here)).rejects.toThrow(/not the kernel that was recorded/);
    const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const same = { ...here, kernel: { ...here.kernel, sha256 } };
    await expect(checkUsable(same)).rejects.toThrow(
      /made with "QEMU emulator version 0.1", and this is "QEMU/,
    );
  });
});
