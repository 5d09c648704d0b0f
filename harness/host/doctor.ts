import { constants } from 'node:fs';
import { access, readFile, statfs } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { cacheDir } from '../../common/cache.ts';
import { confinement } from '../../vm/kernel/index.ts';
import { chooseAccelerator } from '../../vm/qemu/accel.ts';
import { type Need, needs, optionalNeeds, testNeeds } from './needs.ts';

/** One line of the examination. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** A version, a size, or what is wrong. */
  readonly found: string;
  readonly why: string;
  /** The Debian package that mends it, when a package does. */
  readonly debianPackage?: string;
}

/** Programs that Debian keeps where a user's PATH does not look. */
const searchPath = (): string[] => [
  ...(process.env['PATH'] ?? '').split(':'),
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
  '/bin',
];

/** Looks at everything a trial needs of this machine. Changes nothing. */
export async function examine(): Promise<Finding[]> {
  const programs = await examineNeeds();
  const qemu = programs.find((finding) => finding.name === 'qemu-system-x86_64');
  return [
    { name: 'node', ok: true, found: process.version, why: 'Ringtrial itself' },
    ...programs,
    ...(await Promise.all([...optionalNeeds, ...testNeeds].map(examineOptional))),
    ...(qemu?.ok ? [await accelerator()] : []),
    await confining(),
    await diskSpace(),
    await memory(),
  ];
}

/** Only the programs and files, which is quick enough to do before every trial. */
export const examineNeeds = (wanted: readonly Need[] = needs): Promise<Finding[]> =>
  Promise.all(wanted.map(examineNeed));

async function examineNeed(need: Need): Promise<Finding> {
  const place = await locate(need.name);
  const base = { name: need.name, why: need.why, debianPackage: need.debianPackage };
  if (place === undefined) return { ...base, ok: false, found: 'missing' };
  return { ...base, ok: true, found: need.versionArgs ? await version(place, need.versionArgs) : 'found' };
}

/** A machine is ready without it: what is missing is only said. */
async function examineOptional(need: Need): Promise<Finding> {
  const finding = await examineNeed(need);
  return finding.ok
    ? finding
    : { name: need.name, ok: true, found: `not installed (package ${need.debianPackage})`, why: need.why };
}

async function locate(name: string): Promise<string | undefined> {
  const candidates = name.startsWith('/')
    ? [name]
    : searchPath().map((directory) => path.join(directory, name));
  for (const candidate of candidates) {
    const usable = await access(candidate, name.startsWith('/') ? constants.R_OK : constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return candidate;
  }
  return undefined;
}

async function version(program: string, args: readonly string[]): Promise<string> {
  const { all } = await execa(program, [...args], { all: true, reject: false, timeout: 10_000 });
  return /\d+\.\d+[^\s,()]*/.exec(all ?? '')?.[0] ?? 'found';
}

async function accelerator(): Promise<Finding> {
  const chosen = await chooseAccelerator('auto');
  return { name: 'accelerator', ok: true, found: chosen.name, why: chosen.why };
}

/** Trials run without it, and say so: it is shown, and is no reason to stop. */
async function confining(): Promise<Finding> {
  const found = await confinement();
  const about = { name: 'confinement', ok: true };
  return found.how === 'not'
    ? {
        ...about,
        found: 'NOT AVAILABLE',
        why: `${found.why}: whatever a patch makes a build run can read and change what you can`,
      }
    : {
        ...about,
        found: found.how,
        why: 'what a patch makes a build run sees no home, no network and no other process',
      };
}

/** An unpacked tree takes 1.6 GB, a build directory 1 GB, the compiler cache and the kernels the rest. */
const neededDiskGiB = 6;

async function diskSpace(): Promise<Finding> {
  const directory = await cacheDir();
  const { bavail, bsize } = await statfs(directory);
  const free = (bavail * bsize) / 2 ** 30;
  return {
    name: 'disk',
    ok: free >= neededDiskGiB,
    found: `${free.toFixed(0)} GiB free`,
    why: `a tree, its build and its kernels take up to ${neededDiskGiB} GiB in ${directory}`,
  };
}

const neededMemoryMiB = 1536;

async function memory(): Promise<Finding> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
  return {
    name: 'memory',
    ok: available >= neededMemoryMiB,
    found: `${available.toFixed(0)} MiB available`,
    why: `a compiler for each processor and a guest take ${neededMemoryMiB} MiB`,
  };
}
