import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { LogSource, Piece } from './source.ts';

/** A file of goldens/: console texts and /proc/lockdep of kernels that were built and booted for this. */
export const golden = (name: string): Buffer => readFileSync(new URL(`goldens/${name}`, import.meta.url));

export const packedGolden = (name: string): string => gunzipSync(golden(name)).toString('latin1');

/** A log that comes in the pieces given; a string is data. */
export function sourceOf(...pieces: readonly (Piece | string | Uint8Array)[]): LogSource {
  return {
    name: 'test.log',
    async *pieces() {
      for (const piece of pieces)
        yield typeof piece === 'string' || piece instanceof Uint8Array
          ? { type: 'data', bytes: Buffer.from(piece as string) }
          : piece;
    },
  };
}

/** Cuts bytes at the places given. */
export function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}
