import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NoNetworkError } from '../errors.ts';
import { fetchSourcePackage } from './source-package.ts';

let cache = '';
const cacheBefore = process.env['XDG_CACHE_HOME'];
beforeAll(async () => {
  cache = await mkdtemp(path.join(tmpdir(), 'ringtrial-sources-'));
  process.env['XDG_CACHE_HOME'] = cache;
});
afterAll(async () => {
  await rm(cache, { recursive: true, force: true });
  if (cacheBefore === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = cacheBefore;
});

describe("Debian's source package", () => {
  test('is fetched whatever suites the host follows, and asked for once', async () => {
    const fetched = await fetchSourcePackage('liburing', 'bookworm');
    expect(fetched).toMatchObject({ name: 'liburing', version: expect.stringMatching(/^2\.3-\d/) });
    const { stdout } = await execa('tar', ['--list', '--file', fetched.tarball]);
    expect(stdout).toMatch(/^liburing[^/]*\/test\/rsrc_tags\.c$/m);
    const asked: string[] = [];
    const again = await fetchSourcePackage('liburing', 'bookworm', {
      onEvent: (event) => asked.push(event.type),
    });
    expect([again, asked]).toEqual([fetched, []]);
  });

  test('that Debian does not have is told', async () => {
    await expect(fetchSourcePackage('no-such-package', 'bookworm')).rejects.toThrow(
      'Debian bookworm has no source package no-such-package in its lists.',
    );
  });

  test('is taken from the cache when there is no network, however old', async () => {
    const known = await fetchSourcePackage('liburing', 'bookworm');
    const record = path.join(cache, 'ringtrial', 'apt', 'source-liburing-bookworm.json');
    const file = path.basename(known.tarball);
    await writeFile(record, JSON.stringify({ version: known.version, file, at: 0 }));
    const lists = path.join(cache, 'ringtrial', 'apt', 'bookworm.sources');
    await rm(path.join(lists, 'state', 'lists'), { recursive: true });
    const proxy = process.env['http_proxy'];
    // Nothing listens on the discard port.
    process.env['http_proxy'] = 'http://127.0.0.1:9';
    try {
      const notices: string[] = [];
      await rm(path.join(lists, 'updated'));
      const offline = await fetchSourcePackage('liburing', 'bookworm', {
        onEvent: (event) => void (event.type === 'notice' && notices.push(event.message)),
      });
      expect(offline).toEqual(known);
      expect(notices[0]).toContain(`No network: using the cached liburing ${known.version}.`);
      await expect(fetchSourcePackage('liburing', 'trixie')).rejects.toBeInstanceOf(NoNetworkError);
    } finally {
      if (proxy === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = proxy;
    }
    expect(await readdir(path.dirname(known.tarball))).toEqual([file]);
  });
});
