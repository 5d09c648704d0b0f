import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { DownloadCorruptError, NoNetworkError, UnknownTreeError } from '../errors.ts';
import { readJson } from '../process/json.ts';
import type { KernelOptions } from '../types.ts';

/** What a partial download is a part of: `ETag` or `Last-Modified`, as If-Range (RFC 9110, 13.1.5) wants it back. */
const Partial = z.object({ url: z.string(), validator: z.string() });

/** No byte for this long means that the connection is dead. */
const STALL_MS = 60_000;

export interface Download {
  readonly url: string;
  /** Where the whole file goes; `TARGET.partial` holds what came so far. */
  readonly target: string;
  /** For people. */
  readonly what: string;
}

/**
 * Fetches a file over HTTP. A partial one is continued when the server still has the same file.
 *
 * @throws UnknownTreeError when the server says that there is none, NoNetworkError when it does not come.
 */
export async function download(job: Download, options: KernelOptions): Promise<void> {
  const partial = `${job.target}.partial`;
  const known = await resumable(job, partial);
  const headers: Record<string, string> =
    known === null ? {} : { range: `bytes=${known.size}-`, 'if-range': known.validator };
  // Without this a server may compress the file once more, and ranges would count compressed bytes.
  headers['accept-encoding'] = 'identity';
  const response = await request(job.url, headers, options);
  const resumed = response.status === 206 && known !== null;
  const validator = response.headers.get('etag') ?? response.headers.get('last-modified');
  if (validator === null || validator.startsWith('W/')) await rm(`${partial}.json`, { force: true });
  else await writeFile(`${partial}.json`, JSON.stringify({ url: job.url, validator }));
  await receive(response, { job, partial, from: resumed ? known.size : 0 }, options);
  await rename(partial, job.target);
  await rm(`${partial}.json`, { force: true });
}

async function resumable(
  job: Download,
  partial: string,
): Promise<{ size: number; validator: string } | null> {
  const known = await readJson(`${partial}.json`, Partial);
  const size = await stat(partial).then(
    (stats) => stats.size,
    () => 0,
  );
  return known === null || size === 0 || known.url !== job.url ? null : { size, validator: known.validator };
}

async function request(
  url: string,
  headers: Record<string, string>,
  options: KernelOptions,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers, redirect: 'follow', signal: options.signal ?? null });
  } catch (cause) {
    options.signal?.throwIfAborted();
    const reason =
      cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new NoNetworkError(
      `${url} cannot be fetched: ${reason}. Behind a proxy, set NODE_USE_ENV_PROXY=1 beside https_proxy.`,
      { cause },
    );
  }
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410)
    throw new UnknownTreeError(`There is no ${url} (HTTP ${response.status}).`);
  throw new NoNetworkError(`${url} cannot be fetched: HTTP ${response.status} ${response.statusText}.`);
}

async function receive(
  response: Response,
  place: { job: Download; partial: string; from: number },
  options: KernelOptions,
): Promise<void> {
  const length = response.headers.get('content-length');
  const total = length === null ? null : place.from + Number(length);
  let bytes = place.from;
  let reported = 0;
  await using file = await open(place.partial, place.from > 0 ? 'a' : 'w');
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = reader === undefined ? undefined : await nextChunk(reader, place.job.url, options);
    if (chunk === undefined) break;
    await file.writeFile(chunk);
    bytes += chunk.length;
    if (performance.now() - reported < 200) continue;
    reported = performance.now();
    options.onEvent?.({ type: 'download', what: place.job.what, bytes, total });
  }
  if (total !== null && bytes !== total) {
    throw new NoNetworkError(
      `${place.job.url} broke off after ${bytes} of ${total} bytes. Run again: it goes on where it stopped.`,
    );
  }
  options.onEvent?.({ type: 'download', what: place.job.what, bytes, total: bytes });
}

async function nextChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  url: string,
  options: KernelOptions,
): Promise<Uint8Array | undefined> {
  const stalled = Promise.withResolvers<never>();
  const timer = setTimeout(() => stalled.reject(new Error('no data for a minute')), STALL_MS);
  try {
    return (await Promise.race([reader.read(), stalled.promise])).value;
  } catch (cause) {
    options.signal?.throwIfAborted();
    await reader.cancel().catch(() => undefined);
    throw new NoNetworkError(`${url} broke off: ${String(cause)}. Run again: it goes on where it stopped.`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** SHA-256 (hex) of a file of any size. */
export async function fileDigest(file: string, signal?: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    digest.update(chunk as Buffer);
  }
  return digest.digest('hex');
}

/** Finds the digest in a checksum file: `HEX` alone or `HEX  NAME`, as sha256sum(1) writes it; null when it holds none. */
export const parseChecksum = (text: string, name: string): string | null => {
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{64})(?:\s+\*?(.+))?$/i.exec(line.trim());
    if (match !== null && (match[2] === undefined || match[2].endsWith(name)))
      return (match[1] ?? '').toLowerCase();
  }
  return null;
};

/** @throws DownloadCorruptError when the digests differ. */
export function checkDigest(what: string, actual: string, expected: string | null): void {
  if (expected === null || expected.toLowerCase() === actual) return;
  throw new DownloadCorruptError(
    `${what} is not the file that was asked for: its SHA-256 is ${actual}, not ${expected}.`,
  );
}
