/** One member of an initramfs archive. */
export interface CpioEntry {
  /** Path inside the guest without the leading slash, e.g. `bin/busybox`. */
  readonly path: string;
  /** File type and permission bits as in stat(2) `st_mode`. */
  readonly mode: number;
  /** File content, or the target of a symbolic link; directories have none. */
  readonly data?: Uint8Array;
  /** Device number of a character device, e.g. `{ major: 5, minor: 1 }` for /dev/console. */
  readonly device?: { readonly major: number; readonly minor: number };
}

/** The file type bits of `st_mode` that an initramfs needs, from inode(7). */
const fileType = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  characterDevice: 0o020000,
} as const;

export const file = (path: string, data: Uint8Array, permissions = 0o644): CpioEntry => ({
  path,
  mode: fileType.file | permissions,
  data,
});

export const directory = (path: string, permissions = 0o755): CpioEntry => ({
  path,
  mode: fileType.directory | permissions,
});

export const symlink = (path: string, target: string): CpioEntry => ({
  path,
  mode: fileType.symlink | 0o777,
  data: new TextEncoder().encode(target),
});

export const characterDevice = (path: string, major: number, minor: number): CpioEntry => ({
  path,
  mode: fileType.characterDevice | 0o600,
  device: { major, minor },
});

/**
 * Packs entries as an uncompressed "newc" cpio archive, the format that the kernel unpacks as its
 * initramfs (Documentation/driver-api/early-userspace/buffer-format.rst). Owner root, time zero:
 * the same entries give the same bytes. Several archives may follow each other in one initrd.
 */
export function packCpio(entries: readonly CpioEntry[]): Buffer {
  const chunks = [...entries, { path: 'TRAILER!!!', mode: 0 }].flatMap((entry, index) =>
    member(entry, index + 1),
  );
  return Buffer.concat(chunks);
}

function member(entry: CpioEntry, inode: number): Buffer[] {
  const name = Buffer.from(`${entry.path}\0`);
  const data = Buffer.from(entry.data ?? []);
  const fields = [
    inode,
    entry.mode,
    0, // uid
    0, // gid
    1, // nlink
    0, // mtime
    data.length,
    0, // major and minor of the device that holds the file
    0,
    entry.device?.major ?? 0,
    entry.device?.minor ?? 0,
    name.length,
    0, // checksum, unused in newc
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [pad(Buffer.concat([Buffer.from(header), name])), pad(data)];
}

/** Header with name, and data, each end on a multiple of four bytes. */
const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
