/** Something of the host that Ringtrial cannot do without. */
export interface Need {
  /** A program on the PATH (or in sbin), or the absolute path of a file. */
  readonly name: string;
  /** What needs it, for people. */
  readonly why: string;
  /** Debian's package that has it. */
  readonly debianPackage: string;
  /** Arguments that make a program print its version. */
  readonly versionArgs?: readonly string[];
}

const build = 'building kernels';
const tree = 'kernel sources';
const guest = 'guests';
const suite = 'the test programs';
const confining = 'keeping what a patch makes a build run from this machine';

/** What only some verbs use. Nothing else misses it. */
export const optionalNeeds: readonly Need[] = [
  { name: 'gdb', why: 'ringtrial shell --gdb', debianPackage: 'gdb', versionArgs: ['--version'] },
];

/** What `bench page` needs besides. */
export const pageNeeds: readonly Need[] = [
  {
    name: 'chromium',
    why: 'ringtrial test, bench page',
    debianPackage: 'chromium',
    versionArgs: ['--version'],
  },
];

/** What Ringtrial's own tests need besides. */
export const testNeeds: readonly Need[] = [
  ...pageNeeds,
  { name: '/usr/lib/postgresql', why: 'ringtrial test (the queue)', debianPackage: 'postgresql' },
];

/** Everything, in the order in which a trial comes to need it. */
export const needs: readonly Need[] = [
  { name: 'git', why: 'applying patches', debianPackage: 'git', versionArgs: ['--version'] },
  { name: 'apt-get', why: tree, debianPackage: 'apt', versionArgs: ['--version'] },
  { name: 'dpkg-deb', why: tree, debianPackage: 'dpkg', versionArgs: ['--version'] },
  { name: 'curl', why: tree, debianPackage: 'curl', versionArgs: ['--version'] },
  { name: 'tar', why: tree, debianPackage: 'tar', versionArgs: ['--version'] },
  { name: 'xz', why: tree, debianPackage: 'xz-utils', versionArgs: ['--version'] },
  { name: 'flock', why: 'two runs at once', debianPackage: 'util-linux', versionArgs: ['--version'] },
  {
    name: 'setpriv',
    why: 'leaving no process behind',
    debianPackage: 'util-linux',
    versionArgs: ['--version'],
  },
  { name: 'bwrap', why: confining, debianPackage: 'bubblewrap', versionArgs: ['--version'] },
  { name: 'gcc', why: `${build}, ${suite}`, debianPackage: 'gcc', versionArgs: ['--version'] },
  { name: 'make', why: `${build}, ${suite}`, debianPackage: 'make', versionArgs: ['--version'] },
  { name: 'flex', why: build, debianPackage: 'flex', versionArgs: ['--version'] },
  { name: 'bison', why: build, debianPackage: 'bison', versionArgs: ['--version'] },
  { name: 'bc', why: build, debianPackage: 'bc', versionArgs: ['--version'] },
  { name: 'perl', why: build, debianPackage: 'perl', versionArgs: ['-e', 'print "$^V"'] },
  { name: 'ccache', why: build, debianPackage: 'ccache', versionArgs: ['--version'] },
  { name: '/usr/include/libelf.h', why: `${build} (objtool)`, debianPackage: 'libelf-dev' },
  { name: '/usr/include/stdio.h', why: suite, debianPackage: 'libc6-dev' },
  { name: '/usr/include/liburing.h', why: suite, debianPackage: 'liburing-dev' },
  { name: 'qemu-system-x86_64', why: guest, debianPackage: 'qemu-system-x86', versionArgs: ['--version'] },
  { name: 'busybox', why: `${guest} (their programs)`, debianPackage: 'busybox-static' },
  {
    name: 'dropbear',
    why: `${guest} (their SSH server)`,
    debianPackage: 'dropbear-bin',
    versionArgs: ['-V'],
  },
];
