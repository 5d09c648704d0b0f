import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type CodeSymbol, readElf } from './elf.ts';

/** A function in an object file of a build. */
export interface ObjectSymbol extends CodeSymbol {
  /** Relative to the build directory: `io_uring/rw.o`. */
  readonly object: string;
}

/** Directories of a build whose objects run on the machine that builds. */
const HOST_TOOLS = /^(?:scripts|tools|usr|certs)(?:\/|$)|(?:^|\/)(?:purgatory|boot|realmode|vdso)(?:\/|$)/;
/** Objects that hold other objects once more. */
const WHOLE = /(?:^|\/)(?:vmlinux|built-in|\.tmp_\w*)\.o$|\.(?:mod|lto|prelink)\.o$/;

/** The object files of a kernel build (make's O= directory), relative to it. */
export async function objectsBelow(buildDir: string): Promise<string[]> {
  const all = await readdir(buildDir, { recursive: true });
  return all.filter((name) => name.endsWith('.o') && !HOST_TOOLS.test(name) && !WHOLE.test(name)).toSorted();
}

/** The functions of these names in some objects of a build; an object that cannot be read has none. */
export async function findSymbols(
  buildDir: string,
  objects: readonly string[],
  { names, signal }: { readonly names: ReadonlySet<string>; readonly signal?: AbortSignal | undefined },
): Promise<ObjectSymbol[]> {
  const found: ObjectSymbol[] = [];
  for (const object of objects) {
    signal?.throwIfAborted();
    const { symbols } = await readElf(path.join(buildDir, object)).catch(() => ({ symbols: [] }));
    for (const symbol of symbols) if (names.has(symbol.name)) found.push({ ...symbol, object });
  }
  return found;
}

/** Objects that a source file of this base name would have, where the directory has others; also those that are not there now. */
export function objectsOf(base: string, objects: readonly string[], sourceDir: string): string[] {
  const name = base.replace(/\.[cS]$/, '.o');
  const directories = new Set(objects.map((object) => path.dirname(object)));
  return [...directories]
    .filter((directory) => existsSync(path.join(sourceDir, directory, base)))
    .map((directory) => path.join(directory, name));
}
