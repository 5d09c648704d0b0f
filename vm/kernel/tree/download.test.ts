import { readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { NoNetworkError, UnknownTreeError } from '../errors.ts';
import { scratch } from '../testing-tree.ts';
import { download, fileDigest, parseChecksum } from './download.ts';
import { digestOf } from './manifest.ts';

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly ranges: (string | undefined)[];
}

/** A real server on the loopback; `cut` stops that many bytes into the first answer. */
async function serve(options: {
  cut?: number;
  etag?: string;
  handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
}): Promise<Server> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    if (options.handle?.(request, response) === true) return;
    const same = request.headers['if-range'] === undefined || request.headers['if-range'] === options.etag;
    const from = same ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const body = CONTENT.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': body.length,
      ...(options.etag === undefined ? {} : { etag: options.etag }),
      ...(from > 0 ? { 'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` } : {}),
    });
    if (options.cut !== undefined && ranges.length === 1)
      response.write(body.subarray(0, options.cut), () => setTimeout(() => response.destroy(), 100));
    else response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/linux.tar`,
    ranges,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('download', () => {
  test('brings the whole file and reports how much of it', async () => {
    await using area = await scratch();
    await using server = await serve({});
    const target = path.join(area.dir, 'x');
    let seen = 0;
    await download(
      { url: server.url, target, what: 'x' },
      { onEvent: (event) => (seen = event.type === 'download' ? event.bytes : seen) },
    );
    expect(await fileDigest(target)).toBe(digestOf(CONTENT));
    expect(seen).toBe(CONTENT.length);
    expect(await readdir(area.dir)).toEqual(['x']);
  });

  test('goes on where it broke off', async () => {
    await using area = await scratch();
    await using server = await serve({ cut: 100_000, etag: '"one"' });
    const job = { url: server.url, target: path.join(area.dir, 'x'), what: 'x' };
    await expect(download(job, {})).rejects.toThrow(NoNetworkError);
    const { length } = readFileSync(`${job.target}.partial`);
    expect(length).toBeGreaterThan(0);
    await download(job, {});
    expect(server.ranges).toEqual([undefined, `bytes=${length}-`]);
    expect(readFileSync(job.target).equals(CONTENT)).toBe(true);
  });

  test('starts again when the server has another file now, or never said which it was', async () => {
    await using area = await scratch();
    await using server = await serve({ etag: '"two"' });
    const job = { url: server.url, target: path.join(area.dir, 'x'), what: 'x' };
    writeFileSync(`${job.target}.partial`, 'of the old file');
    writeFileSync(`${job.target}.partial.json`, JSON.stringify({ url: server.url, validator: '"one"' }));
    await download(job, {});
    expect(readFileSync(job.target).equals(CONTENT)).toBe(true);
    writeFileSync(`${job.target}.partial`, 'of who knows what');
    await download(job, {});
    expect(server.ranges).toEqual(['bytes=15-', undefined]);
    expect(readFileSync(job.target).equals(CONTENT)).toBe(true);
  });

  test('tells a file that is not there from a network that is not', async () => {
    await using area = await scratch();
    const target = path.join(area.dir, 'x');
    let status = 404;
    await using server = await serve({
      handle: (_, response) => {
        response.writeHead(status).end();
        return true;
      },
    });
    const job = { url: server.url, target, what: 'x' };
    await expect(download(job, {})).rejects.toThrow(UnknownTreeError);
    status = 503;
    await expect(download(job, {})).rejects.toThrow(/HTTP 503/);
    await server[Symbol.asyncDispose]();
    await expect(download(job, {})).rejects.toThrow(NoNetworkError);
    expect(await readdir(area.dir)).toEqual([]);
  });

  test('an abort is an abort', async () => {
    await using area = await scratch();
    await using server = await serve({ handle: () => true });
    const job = { url: server.url, target: path.join(area.dir, 'x'), what: 'x' };
    await expect(download(job, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/timeout/i);
  });
});

test('parseChecksum reads what sha256sum writes', () => {
  const [a, b] = ['a'.repeat(64), 'B'.repeat(64)];
  expect(parseChecksum(`${a}\n`, 'x.tar')).toBe(a);
  expect(parseChecksum(`${a}  y.tar\n${b} *x.tar\n`, 'x.tar')).toBe(b.toLowerCase());
  expect(parseChecksum(`${a}  y.tar\n`, 'x.tar')).toBeNull();
  expect(parseChecksum('not a checksum', 'x.tar')).toBeNull();
});
