import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { directory, file, packCpio, symlink } from './cpio.ts';

describe('packCpio', () => {
  test('busybox unpacks what was packed', () => {
    const archive = packCpio([
      directory('a', 0o750),
      file('a/odd-length', Buffer.from('12345'), 0o640),
      file('a/empty', Buffer.alloc(0)),
      symlink('a/link', 'odd-length'),
    ]);
    const target = mkdtempSync(path.join(tmpdir(), 'ringtrial-cpio-'));
    try {
      execFileSync('busybox', ['cpio', '-id'], {
        cwd: target,
        input: archive,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      expect(readFileSync(path.join(target, 'a/odd-length'), 'utf8')).toBe('12345');
      expect(statSync(path.join(target, 'a/odd-length')).mode & 0o777).toBe(0o640);
      expect(statSync(path.join(target, 'a/empty')).size).toBe(0);
      expect(readlinkSync(path.join(target, 'a/link'))).toBe('odd-length');
    } finally {
      rmSync(target, { recursive: true, force: true });
    }
  });

  test('the same entries give the same bytes, padded so that archives can follow each other', () => {
    const entries = [file('x', Buffer.from('abc'))];
    expect(packCpio(entries)).toEqual(packCpio(entries));
    expect(packCpio(entries).length % 4).toBe(0);
  });
});
