import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSource, growingSource, type LogSource, LogUnreadableError, streamSource } from './source.ts';
import { NotALogError } from './unpack.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'source-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  const file = path.join(dir, name);
  await writeFile(file, content);
  return file;
};

async function textOf(source: LogSource): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const piece of source.pieces()) if (piece.type === 'data') parts.push(piece.bytes);
  return Buffer.concat(parts).toString();
}

describe('a file', () => {
  const text = 'line of a log\n'.repeat(300_000);

  test('is read whole', async () => {
    expect(await textOf(await fileSource(await write('plain', text)))).toBe(text);
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('packed with %s is unpacked', async (name, pack) => {
    expect(await textOf(await fileSource(await write(name, pack(text))))).toBe(text);
  });

  test('that ends inside its compressed data is no log that is clean', async () => {
    const file = await write('cut.gz', gzipSync(text).subarray(0, 200));
    await expect(textOf(await fileSource(file))).rejects.toThrow(LogUnreadableError);
  });

  test.each([
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00], /xzcat \S+xz \| ringtrial/],
    ['bzip2', [0x42, 0x5a, 0x68, 0x39], /bzcat/],
    ['ELF', [0x7f, 0x45, 0x4c, 0x46], /ELF file, not a log/],
    ['UTF-16', [0xff, 0xfe, 0x5b, 0x00], /iconv/],
  ])('of the kind %s is refused with advice, not searched in vain', async (name, bytes, words) => {
    const source = await fileSource(await write(name, Buffer.from(bytes)));
    const reading = textOf(source);
    await expect(reading).rejects.toThrow(NotALogError);
    await expect(reading).rejects.toThrow(words);
  });

  test('that is missing, or a directory, is refused before it is read', async () => {
    await expect(fileSource(path.join(dir, 'absent'))).rejects.toThrow(/There is no file .*absent/);
    await expect(fileSource(dir)).rejects.toThrow(/is a directory/);
    await expect(growingSource(dir)).rejects.toThrow(LogUnreadableError);
  });
});

describe('a pipe', () => {
  test('tells silence when it is followed', async () => {
    const slow = Readable.from(
      (async function* () {
        yield Buffer.from('a');
        await setTimeout(2500);
        yield Buffer.from('b');
      })(),
    );
    const kinds: string[] = [];
    for await (const piece of streamSource('-', slow, true).pieces()) kinds.push(piece.type);
    expect(kinds).toEqual(['data', 'quiet', 'data']);
  });
});

describe('a growing file', () => {
  test('is read as it grows, is cut, and is replaced', async () => {
    const file = await write('growing', 'one\n');
    const stop = new AbortController();
    const seen: string[] = [];
    const done = (async () => {
      for await (const piece of (await growingSource(file)).pieces(stop.signal))
        seen.push(piece.type === 'data' ? Buffer.from(piece.bytes).toString() : piece.type);
    })();
    const until = async (count: number): Promise<void> => {
      for (let round = 0; round < 200 && seen.length < count; round++) await setTimeout(50);
    };
    await until(1);
    await appendFile(file, 'two\n');
    await until(3);
    expect(seen).toEqual(['one\n', 'two\n', 'quiet']);
    await truncate(file, 0);
    await until(4);
    await appendFile(file, 'three\n');
    await until(5);
    await rename(await write('other', 'four\n'), file);
    await until(7);
    stop.abort(new Error('enough'));
    await expect(done).rejects.toThrow('enough');
    expect(seen.filter((word) => word !== 'quiet')).toEqual([
      'one\n',
      'two\n',
      'restart',
      'three\n',
      'restart',
      'four\n',
    ]);
  });
});
