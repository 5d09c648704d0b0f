import path from 'node:path';
import { execa } from 'execa';
import { toolDirectories, which } from './tools.ts';

/**
 * What a confined program has of this machine beside its system programs and libraries, all absolute. Nothing
 * else is there for it: no home, no other process, no network.
 */
export interface Places {
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  /** Writable, and others write there at the same time. */
  readonly shared?: readonly string[] | undefined;
}

/** Places that programs may be confined to, made ready for them, and how they are confined. */
export interface Area extends Places {
  readonly confinement: Confinement;
}

/** How programs that a patch has a say in are kept from the rest of this machine. */
export type Confinement =
  /** Root starts them as nobody(5); another user's run as that user, who is nobody else there. */
  | { readonly how: 'as nobody' | 'as this user'; readonly bwrap: string }
  /** Not at all: `why` is a sentence. */
  | { readonly how: 'not'; readonly why: string };

/** Debian's nobody and nogroup (base-passwd), which own nothing. */
const NOBODY = 65_534;

/** Namespaces that every confined program gets; the process that it would outlive takes it along. */
const APART = [
  ...['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--die-with-parent', '--new-session'],
];

/**
 * Of /etc what programs need to run and to be found. The rest is none of a build's business: a key, a
 * password's hash.
 */
const ETC = ['alternatives', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'passwd', 'group', 'perl'];
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

let known: Promise<Confinement> | undefined;

/** How this machine allows it; tried once in a process. */
export const confinement = (): Promise<Confinement> => {
  known ??= findConfinement();
  return known;
};

async function findConfinement(): Promise<Confinement> {
  const bwrap = which('bwrap');
  if (bwrap === null) return { how: 'not', why: 'bwrap is not installed (package bubblewrap)' };
  const how = process.getuid?.() === 0 ? 'as nobody' : 'as this user';
  const area = { writable: [], readable: [] };
  const [file = '', ...args] = confinedCommand(['true'], { confinement: { how, bwrap }, area });
  const tried = await execa(file, args, { reject: false, timeout: 20_000, all: true });
  if (!tried.failed) return { how, bwrap };
  const said = tried.all?.trim() || tried.shortMessage;
  return {
    how: 'not',
    why: `this machine lets nobody make namespaces (${said?.split('\n')[0] ?? 'bwrap failed'})`,
  };
}

export interface Confined {
  readonly confinement: Exclude<Confinement, { readonly how: 'not' }>;
  readonly area: Places;
  /** Where it starts; the first writable directory by default. */
  readonly cwd?: string | undefined;
  /** All variables that it gets, beside PATH, HOME, TMPDIR and LC_ALL. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A command line that runs `command` confined (bwrap(1), setpriv(1)). */
export function confinedCommand(command: readonly string[], confined: Confined): string[] {
  const { confinement: how, area, cwd, env } = confined;
  const nobody = how.how === 'as nobody';
  const start = cwd ?? area.writable[0];
  return [
    how.bwrap,
    ...APART,
    // Root needs no user namespace, and enters no new one; setpriv then gives up being root for good.
    ...(nobody
      ? [
          '--cap-drop',
          'ALL',
          ...['SETUID', 'SETGID', 'SETPCAP'].flatMap((name) => ['--cap-add', `CAP_${name}`]),
        ]
      : ['--unshare-user', '--disable-userns']),
    ...['--clearenv', ...variables(env)],
    ...mounts(area),
    ...(start === undefined ? [] : ['--chdir', start]),
    '--',
    ...(nobody ? asNobody : []),
    ...command,
  ];
}

const asNobody = [
  'setpriv',
  ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
  ...['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'],
];

/** No proxy with a password in it, no token: what is not named is not there. */
const variables = (env: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries({
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/tmp',
    TMPDIR: '/tmp',
    LC_ALL: 'C',
    ...env,
  }).flatMap(([name, value]) => ['--setenv', name, value]);

function mounts(area: Places): string[] {
  const etc = ETC.map((name) => `/etc/${name}`);
  const tools = toolDirectories(SYSTEM);
  const binds: [option: string, place: string][] = [
    ...[...SYSTEM, ...etc].map((place): [string, string] => ['--ro-bind-try', place]),
    ...[...tools, ...area.readable].map((place): [string, string] => ['--ro-bind', place]),
    // Last: they may lie in what can be read.
    ...[...area.writable, ...(area.shared ?? [])].map((place): [string, string] => ['--bind', place]),
  ];
  return [
    ...['--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--tmpfs', '/tmp'],
    // bwrap makes directories that are missing for its own user alone.
    ...ancestors(binds.map(([, place]) => place)).flatMap((place) => ['--perms', '0755', '--dir', place]),
    ...binds.flatMap(([option, place]) => [option, place, place]),
    ...['--remount-ro', '/'],
  ];
}

/** The directories above some places that no mount brings, each once, the upper ones first. */
function ancestors(places: readonly string[]): string[] {
  const above = new Set<string>();
  for (const place of places) {
    for (let parent = path.dirname(place); parent !== '/'; parent = path.dirname(parent)) above.add(parent);
  }
  const mounted = [...SYSTEM, '/tmp', '/proc', '/dev'];
  return [...above]
    .filter(
      (place) =>
        !mounted.some((top) => place === top || place.startsWith(`${top}/`)) || place.startsWith('/tmp/'),
    )
    .toSorted((a, b) => a.length - b.length);
}

/**
 * Makes places ready for confined programs. Root's files become what nobody may work with: all that lies in a writable
 * place becomes nobody's, and all that lies in a readable one can be read by everybody. Modes and owners say
 * nothing to make, and the cache that they lie in is root's alone. Another user's confined programs are
 * that user's, and need nothing.
 *
 * In a shared place only the directories change hands: nobody can then replace what is in them, and what others are
 * writing there may be gone before it is looked at.
 */
export async function openArea(places: Places): Promise<Area> {
  const area = { ...places, confinement: await confinement() };
  if (area.confinement.how !== 'as nobody') return area;
  const strangers = ['!', '-user', `${NOBODY}`];
  const take = ['-exec', 'chown', '--no-dereference', `${NOBODY}:${NOBODY}`, '{}', '+'];
  for (const place of places.writable) await execa('find', [place, ...strangers, ...take]);
  for (const place of places.shared ?? [])
    await execa('find', [place, '-type', 'd', ...strangers, ...take], { reject: false });
  const closed = ['(', '-type', 'f', '-o', '-type', 'd', ')', '!', '-perm', '-o=r'];
  for (const place of places.readable)
    await execa('find', [place, ...closed, '-exec', 'chmod', 'a+rX', '{}', '+']);
  return area;
}
