import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What makes a directory look like a Linux source: enough to resolve, identify and switch it, not to build it. */
export const SMALL_SOURCE: Readonly<Record<string, string>> = {
  Makefile: '# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nEXTRAVERSION =\nNAME = Test\n',
  Kconfig: 'mainmenu "x"\n',
  'arch/x86/Makefile': '\n',
  'scripts/Makefile.build': '\n',
  'scripts/run.sh': '#!/bin/sh\n',
  'init/main.c': 'int main(void);\n',
  'io_uring/rw.c': 'int rw;\n',
  'io_uring/rsrc.c': 'int rsrc;\n',
  'include/linux/a header.h': '\n',
};

/** Writes files; `scripts/*.sh` are executable, and `include/link` is a symbolic link. */
export async function writeSource(
  dir: string,
  files: Readonly<Record<string, string>> = SMALL_SOURCE,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.join(dir, path.dirname(name)), { recursive: true });
    await writeFile(path.join(dir, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
  }
  await symlink('linux', path.join(dir, 'include/link'));
}

/** A directory of its own for one test, with a cache in it. Both are gone when it is disposed of. */
export async function scratch(): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(path.join(tmpdir(), 'kernel-'));
  const before = process.env['XDG_CACHE_HOME'];
  process.env['XDG_CACHE_HOME'] = path.join(dir, 'cache');
  return {
    dir,
    async [Symbol.asyncDispose]() {
      if (before === undefined) delete process.env['XDG_CACHE_HOME'];
      else process.env['XDG_CACHE_HOME'] = before;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
