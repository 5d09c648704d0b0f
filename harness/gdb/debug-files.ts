import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../common/cache.ts';
import {
  type Area,
  capture,
  type Kernel,
  type KernelEvent,
  openArea,
  switchedSources,
} from '../../vm/kernel/index.ts';
import { compiling, debugCommand, debugObject } from '../triage/debug-object.ts';
import { objectsBelow } from '../triage/object-index.ts';
import { type Build, copySources } from './copied-sources.ts';
import { NoKernelSourcesError, sourcesOf } from './kernel-sources.ts';
import { byName, type ImageSymbols, placeObject } from './place.ts';
import { readSymbols } from './symbols.ts';

/** Where io_uring is in the trees: up to 5.19 in fs/. */
export const usualObjects: readonly string[] = ['io_uring', 'fs/io_uring.o', 'fs/io-wq.o'];

export interface DebugRequest {
  readonly kernel: Kernel;
  /** Objects (`fs/read_write.o`) or directories of them (`io_uring`), relative to the build. */
  readonly objects: readonly string[];
  readonly patch?: string | undefined;
  readonly onNotice: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What gdb needs to know of a kernel that was built without debug information. */
const DebugFiles = z.object({
  /** The sources as the objects were compiled from them; their names in gdb are relative to it. */
  sources: z.string(),
  objects: z.array(
    z.object({
      object: z.string(),
      /** With debug information, not linked. */
      file: z.string(),
      /** Of the kernel: hexadecimal, with 0x. */
      sections: z.array(z.object({ section: z.string(), address: z.string() })),
    }),
  ),
  leftOut: z.array(z.object({ object: z.string(), why: z.string() })),
});

export type DebugFiles = z.infer<typeof DebugFiles>;

/**
 * Compiles some objects of a stored kernel once more, with debug information, and finds out where each of their
 * sections is in the kernel. Kept in the cache: `debug/KERNEL/`.
 *
 * @throws NoKernelSourcesError, MissingToolError, and the errors of `switchedSources`
 */
export async function debugFiles(request: DebugRequest): Promise<DebugFiles> {
  const { kernel, objects } = request;
  const home = await cacheDir('debug', kernel.hash.slice(0, 16));
  const selection = createHash('sha256').update(JSON.stringify(objects)).digest('hex').slice(0, 8);
  const record = path.join(home, `${selection}.json`);
  const kept = await readFile(record, 'utf8')
    .then((text) => DebugFiles.safeParse(JSON.parse(text)).data)
    .catch(() => undefined);
  if (kept !== undefined) return kept;
  const made = await make(request, home);
  // What does not fit today may fit when the work tree has been built again.
  if (made.leftOut.length > 0) return made;
  await writeFile(`${record}.${process.pid}`, `${JSON.stringify(made, null, 2)}\n`);
  await rename(`${record}.${process.pid}`, record);
  return made;
}

async function make(request: DebugRequest, home: string): Promise<DebugFiles> {
  const { kernel, onNotice, signal } = request;
  const sourcesRequest = await sourcesOf(request);
  await using build = await switchedSources(sourcesRequest, { signal, onEvent: tellWaiting(onNotice) });
  const changed = sourcesRequest.changes.map((change) => change.path.replace(/\.c$/, '.o'));
  const objects = selected([...(await objectsBelow(build.buildDir)), ...changed], request.objects);
  if (objects.length === 0)
    throw new NoKernelSourcesError(
      `${build.buildDir} has no object that ${request.objects.join(' or ')} names. If it is empty, build the kernel again with: ringtrial evaluate`,
    );
  if (!(await sameText(kernel.config, path.join(build.buildDir, '.config'))))
    onNotice('this kernel was configured otherwise than its tree is now: not every object will fit it');
  onNotice(`compiling ${objects.length} objects with debug information (${request.objects.join(', ')})`);
  const sources = path.join(home, 'src');
  await copySources(objects, build, sources);
  const image = byName(await readSymbols(kernel.vmlinux, signal));
  const scratch = await mkdtemp(path.join(home, 'compiling-'));
  const files: DebugFiles = { sources, objects: [], leftOut: [] };
  const { sourceDir, buildDir } = build;
  try {
    const area = await openArea({
      writable: [scratch],
      shared: [await cacheDir('ccache')],
      readable: [sourceDir, buildDir],
    });
    await everywhere(objects, async (object) => {
      const compiled = await compile(object, { build, sources, scratch, area, signal });
      const found = 'problem' in compiled ? compiled : await placed(object, compiled.file, image);
      if ('problem' in found) files.leftOut.push({ object, why: found.problem });
      else files.objects.push({ object, file: path.join(home, 'objects', object), sections: found.sections });
    });
    // One that another process put there in the meantime is as good.
    for (const { object, file } of files.objects) {
      await mkdir(path.dirname(file), { recursive: true });
      await rename(path.join(scratch, object), file);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  files.objects.sort((a, b) => (a.object < b.object ? -1 : 1));
  return files;
}

async function sameText(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((file) => readFile(file, 'utf8').catch(() => undefined)));
  return a === b;
}

const tellWaiting =
  (onNotice: (message: string) => void) =>
  (event: KernelEvent): void => {
    if (event.type === 'waiting') onNotice(`waiting for ${event.what}, which ${event.holder} uses`);
    if (event.type === 'notice') onNotice(event.message);
  };

/** The objects that a list of objects and directories names. */
export const selected = (all: readonly string[], wanted: readonly string[]): string[] =>
  [...new Set(all)]
    .filter((object) => object.endsWith('.o'))
    .filter((object) =>
      wanted.some((name) => object === name || object.startsWith(`${name.replace(/\/$/, '')}/`)),
    )
    .toSorted();

interface Compilation {
  readonly build: Build;
  /** Where gdb shall look for the sources. */
  readonly sources: string;
  readonly scratch: string;
  readonly area: Area;
  readonly signal?: AbortSignal | undefined;
}

async function compile(
  object: string,
  { build, sources, scratch, area, signal }: Compilation,
): Promise<{ readonly file: string } | { readonly problem: string }> {
  const { buildDir, sourceDir } = build;
  const file = path.join(scratch, object);
  const recordFile = path.join(buildDir, path.dirname(object), `.${path.basename(object)}.cmd`);
  const record = await readFile(recordFile, 'utf8').catch(() => '');
  const command = debugCommand(record, object, file);
  // kbuild has not compiled it here: after a sibling's command, without our names for the sources.
  if (command === undefined) return debugObject(object, { buildDir, sideDir: scratch, area, signal });
  const names = `-fdebug-prefix-map='${sourceDir}/=' -fdebug-prefix-map='${buildDir}=${sources}'`;
  // The next kernel of this tree has most of its objects in common with this one.
  const cached = /^(?:saved)?cmd_\S+ := ccache /m.test(record) ? 'ccache ' : '';
  const { exitCode, stderr } = await capture(
    compiling(cached + command.replace(' -g ', ` -g ${names} `), file),
    {
      cwd: buildDir,
      area,
      env: { CCACHE_DIR: await cacheDir('ccache') },
      signal,
    },
  );
  const error = stderr.split('\n').find((line) => /error/i.test(line)) ?? '';
  return exitCode === 0 ? { file } : { problem: `it does not compile again: ${error}` };
}

async function placed(
  object: string,
  file: string,
  image: ImageSymbols,
): Promise<{ readonly sections: DebugFiles['objects'][number]['sections'] } | { readonly problem: string }> {
  const found = placeObject(await readSymbols(file), image);
  if ('problem' in found) return found;
  return {
    sections: found.sections.map(({ section, address }) => ({
      section,
      address: `0x${address.toString(16)}`,
    })),
  };
}

/** Does something for each of many, as many at a time as there are processors. */
async function everywhere(all: readonly string[], work: (one: string) => Promise<void>): Promise<void> {
  const queue = [...all];
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) await work(one);
    }),
  );
}
