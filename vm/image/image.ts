import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { execa } from 'execa';
import { cacheDir } from '../../common/cache.ts';
import { RingtrialError } from '../../common/errors.ts';
import { type CpioEntry, characterDevice, directory, file, packCpio, symlink } from './cpio.ts';

/** A program of the host that goes into the guest is not installed. */
export class MissingGuestProgramError extends RingtrialError {
  readonly code = 'MISSING_GUEST_PROGRAM';
}

/** An initramfs that boots to an SSH server; the keys come in a second archive, see keys.ts. */
export interface Image {
  /** A gzipped cpio archive. */
  readonly path: string;
  /** Identity of its content. */
  readonly hash: string;
}

/** Where Debian's busybox-static and dropbear-bin put what the guest runs. */
const guestPrograms = { busybox: ['/bin/busybox', '/usr/bin/busybox'], dropbear: ['/usr/sbin/dropbear'] };

/**
 * The guest's initramfs: a static busybox, the host's SSH server with the libraries it links, and
 * init.sh as PID 1. Kept in the cache under the hash of its content and made once.
 *
 * @throws MissingGuestProgramError naming the Debian package to install, the signal's reason
 */
export async function guestImage(signal?: AbortSignal): Promise<Image> {
  const archive = packCpio(await entries(signal));
  const hash = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  const target = path.join(await cacheDir('images'), `${hash}.cpio.gz`);
  if (!(await exists(target))) {
    const partial = `${target}.${process.pid}`;
    await writeFile(partial, await promisify(gzip)(archive, { level: 6 }));
    await rename(partial, target);
  }
  return { path: target, hash };
}

async function entries(signal?: AbortSignal): Promise<CpioEntry[]> {
  const busybox = await findProgram('busybox', 'busybox-static');
  const dropbear = await findProgram('dropbear', 'dropbear-bin');
  const { stdout: applets } = await execa(busybox, ['--list'], signal ? { cancelSignal: signal } : {});
  return [
    // Without this entry the kernel leaves its root as a tmpfs begins: anybody may write to it.
    directory('.'),
    ...[
      'bin',
      'sbin',
      'usr',
      'usr/bin',
      'usr/sbin',
      'lib',
      'lib64',
      'dev',
      'proc',
      'sys',
      'etc',
      'etc/dropbear',
    ]
      .concat(['root', 'var', 'var/log', 'tests'])
      .map((name) => directory(name)),
    directory('tmp', 0o1777),
    directory('root/.ssh', 0o700),
    // The kernel opens /dev/console for PID 1 before devtmpfs is mounted.
    characterDevice('dev/console', 5, 1),
    file('init', await readFile(new URL('init.sh', import.meta.url)), 0o755),
    file('bin/busybox', await readFile(busybox), 0o755),
    ...applets
      .split('\n')
      .filter((applet) => applet !== '' && applet !== 'busybox')
      .map((applet) => symlink(`bin/${applet}`, 'busybox')),
    file('usr/sbin/dropbear', await readFile(dropbear), 0o755),
    file('bin/ringtrial-resume', await compileStatic(new URL('resume.c', import.meta.url), signal), 0o755),
    ...(await libraries([busybox, dropbear], signal)),
    file('etc/passwd', Buffer.from('root:x:0:0:root:/root:/bin/sh\n')),
    file('etc/group', Buffer.from('root:x:0:\n')),
    file('etc/shells', Buffer.from('/bin/sh\n')),
  ];
}

async function findProgram(name: keyof typeof guestPrograms, debianPackage: string): Promise<string> {
  for (const candidate of guestPrograms[name]) if (await exists(candidate)) return candidate;
  throw new MissingGuestProgramError(
    `The guest needs ${name}, and this machine has none. Install Debian's package ${debianPackage}, or run: ringtrial doctor --fix`,
  );
}

/** The shared objects that ld.so would load for programs, each at the path where it looks for it. */
async function libraries(programs: readonly string[], signal?: AbortSignal): Promise<CpioEntry[]> {
  // ldd fails for a static program, which needs nothing.
  const listed = await Promise.all(
    programs.map((program) =>
      execa('ldd', [program], { reject: false, ...(signal ? { cancelSignal: signal } : {}) }),
    ),
  );
  const paths = new Set(
    listed.flatMap(({ stdout }) =>
      [...(stdout ?? '').matchAll(/(\/\S+) \(0x[0-9a-f]+\)$/gm)].map((match) => match[1] ?? ''),
    ),
  );
  const parents = new Set([...paths].flatMap((name) => ancestors(name.slice(1))));
  for (const made of ['lib', 'lib64', 'usr']) parents.delete(made);
  const files = [...paths].map(async (name) => file(name.slice(1), await readFile(name), 0o755));
  return [...[...parents].map((name) => directory(name)), ...(await Promise.all(files))];
}

/** A C program as a static executable: the same bytes from the same source and compiler. */
async function compileStatic(source: URL, signal?: AbortSignal): Promise<Buffer> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'ringtrial-image-'));
  try {
    const output = path.join(scratch, 'program');
    const args = ['-static', '-Os', '-s', '-Wall', '-Wextra', '-Werror', '-o', output, fileURLToPath(source)];
    const { failed, all } = await execa('gcc', args, {
      all: true,
      reject: false,
      ...(signal ? { cancelSignal: signal } : {}),
    });
    signal?.throwIfAborted();
    if (failed)
      throw new MissingGuestProgramError(
        `The guest's own program does not compile here. Install gcc and libc6-dev, or run: ringtrial doctor --fix\n${all ?? ''}`,
      );
    return await readFile(output);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const ancestors = (name: string): string[] => {
  const parent = path.posix.dirname(name);
  return parent === '.' ? [] : [...ancestors(parent), parent];
};

const exists = (name: string): Promise<boolean> =>
  access(name, constants.R_OK).then(
    () => true,
    () => false,
  );

/** Writes an initrd that is the image followed by further archives (keys, test programs), mode 0600. */
export async function writeInitrd(image: Image, extra: readonly CpioEntry[], target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  // A gzipped archive may be followed by a plain one when both are padded to four bytes.
  const base = await readFile(image.path);
  const padding = Buffer.alloc((4 - (base.length % 4)) % 4);
  await writeFile(target, Buffer.concat([base, padding, packCpio(extra)]), { mode: 0o600 });
}
