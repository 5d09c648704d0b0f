import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { RingtrialError } from '../../common/errors.ts';

/** What was given as a log is plainly something else. */
export class NotALogError extends RingtrialError {
  readonly code = 'NOT_A_LOG';
}

/** First bytes of formats that hold no readable text as they stand: RFC 1952, RFC 8878, file formats of xz, bzip2, ELF. */
const MAGIC = {
  gzip: [0x1f, 0x8b],
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
} as const;

const REFUSED: readonly (readonly [readonly number[], string])[] = [
  [
    [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
    'is compressed with xz. Unpack it on the way: xzcat FILE | ringtrial triage -',
  ],
  [[0x42, 0x5a, 0x68], 'is compressed with bzip2. Unpack it on the way: bzcat FILE | ringtrial triage -'],
  [[0x7f, 0x45, 0x4c, 0x46], 'is an ELF file, not a log. Perhaps it should stand behind --vmlinux.'],
  [[0xff, 0xfe], 'is UTF-16 text. Convert it on the way: iconv -f UTF-16 -t UTF-8 FILE | ringtrial triage -'],
  [[0xfe, 0xff], 'is UTF-16 text. Convert it on the way: iconv -f UTF-16 -t UTF-8 FILE | ringtrial triage -'],
];

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte);

/**
 * The bytes of a log, unpacked when the first of them say gzip or zstd.
 *
 * @throws NotALogError for formats in which a report would be overlooked in silence
 */
export async function* unpacked(name: string, stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const refused = REFUSED.find(([magic]) => startsWith(first.value, magic));
  if (refused !== undefined) throw new NotALogError(`${name} ${refused[1].replace('FILE', name)}`);
  const rest = (async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  })();
  const unpacker = startsWith(first.value, MAGIC.gzip)
    ? createGunzip()
    : startsWith(first.value, MAGIC.zstd)
      ? createZstdDecompress()
      : undefined;
  // An error of the source destroys the unpacker, whose reader then gets it.
  if (unpacker !== undefined) yield* pipeline(Readable.from(rest), unpacker, () => {});
  else yield* rest;
}
