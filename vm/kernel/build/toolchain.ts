import { MissingToolError } from '../errors.ts';
import { capture } from '../process/run.ts';
import { requireTools, which } from '../process/tools.ts';
import type { KernelOptions } from '../types.ts';

/** What compiles. */
export interface Toolchain {
  /** Compiler, assembler and linker with their versions, one a line: part of what identifies a kernel. */
  readonly identity: string;
  /** `CC` for make. */
  readonly cc: string;
  /** `HOSTCC` for make. */
  readonly hostCc: string;
}

const PURPOSE = 'build a kernel';

/** @throws MissingToolError for the first program that is missing. */
export async function findToolchain(options: KernelOptions): Promise<Toolchain> {
  requireTools(
    ['gcc', 'ld', 'as', 'ar', 'objcopy', 'make', 'flex', 'bison', 'bc', 'perl', 'setpriv'],
    PURPOSE,
  );
  const versions = await Promise.all(['gcc', 'as', 'ld'].map((tool) => firstLine(tool, options)));
  const identity = versions.join('\n');
  // ccache changes how long a build takes, not what comes out.
  if (which('ccache') === null) return { identity, cc: 'gcc', hostCc: 'gcc' };
  // In depend mode ccache believes the compiler's own list of headers and preprocesses nothing: a build from nothing takes
  // a fifth less time. kbuild's list leaves system headers out, which the kernel has none of, but its host programs do.
  return { identity, cc: 'ccache gcc', hostCc: 'env CCACHE_NODEPEND=1 ccache gcc' };
}

async function firstLine(tool: string, options: KernelOptions): Promise<string> {
  const { exitCode, stdout } = await capture([tool, '--version'], { signal: options.signal });
  if (exitCode !== 0) throw new MissingToolError(tool, PURPOSE);
  return stdout.split('\n')[0] ?? '';
}
