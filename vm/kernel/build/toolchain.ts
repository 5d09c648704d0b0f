import { MissingToolError } from '../errors.ts';
import { capture, requireTools, which } from '../process/run.ts';
import type { KernelOptions } from '../types.ts';

/** What compiles. */
export interface Toolchain {
  /** Compiler, assembler and linker with their versions, one a line: part of what identifies a kernel. */
  readonly identity: string;
  /** `CC` and `HOSTCC` for make. */
  readonly cc: string;
}

const PURPOSE = 'build a kernel';

/** @throws MissingToolError for the first program that is missing. */
export async function findToolchain(options: KernelOptions): Promise<Toolchain> {
  await requireTools(
    ['gcc', 'ld', 'as', 'ar', 'objcopy', 'make', 'flex', 'bison', 'bc', 'perl', 'setpriv'],
    PURPOSE,
  );
  const versions = await Promise.all(['gcc', 'as', 'ld'].map((tool) => firstLine(tool, options)));
  // ccache changes how long a build takes, not what comes out.
  return { identity: versions.join('\n'), cc: (await which('ccache')) === null ? 'gcc' : 'ccache gcc' };
}

async function firstLine(tool: string, options: KernelOptions): Promise<string> {
  const { exitCode, stdout } = await capture([tool, '--version'], { signal: options.signal });
  if (exitCode !== 0) throw new MissingToolError(tool, PURPOSE);
  return stdout.split('\n')[0] ?? '';
}
