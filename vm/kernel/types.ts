/** A kernel source, unpacked and identified. */
export interface Tree {
  /** What the user wrote, e.g. `debian:6.1`. */
  readonly spec: string;
  /** A name for people that is also safe as a directory name, e.g. `debian-6.1.192-2`. */
  readonly id: string;
  /** The pristine source. Never written to once it is there: builds use hard-linked work trees. */
  readonly dir: string;
  /** What `make kernelversion` prints, e.g. `6.1.192`. */
  readonly version: string;
  /** SHA-256 (hex) over the paths, modes and contents of all files: equal sources, equal hash. */
  readonly hash: string;
  /** Trees of one family differ little (releases of one package, commits of one repository) and share work trees. */
  readonly family: string;
}

/** One file of a patched tree that differs from the pristine one. */
export interface SourceChange {
  /** Relative to the top of the tree, with `/`, never starting with it. */
  readonly path: string;
  /** The whole new file; null when the file is deleted. */
  readonly content: Uint8Array | null;
  readonly executable: boolean;
}

/** A built kernel in the store. All paths are absolute and stay valid. */
export interface Kernel {
  /** SHA-256 (hex) of everything that decides what was built; see `kernelHash`. */
  readonly hash: string;
  readonly dir: string;
  /** Bootable ELF image (PVH entry), with a symbol table, without debug information. */
  readonly vmlinux: string;
  /** Path of the final `.config`. */
  readonly config: string;
  readonly systemMap: string;
  /** Path of make's output. */
  readonly log: string;
  /** Directory of gcc's notes on the code of io_uring/ that it counts; it exists for profile `coverage` only. */
  readonly notes: string;
  /** What `make kernelversion` printed. */
  readonly version: string;
  /** Name of the profile that was asked for. */
  readonly profile: string;
  /** True when nothing was built because the store had it. */
  readonly reused: boolean;
  /** Wall-clock seconds the build took when it was made. */
  readonly seconds: number;
  /** Objects that were compiled when it was made: small after a switch of the work tree. */
  readonly objectsCompiled: number;
}

/** Why a kernel could not be built: a fault of the source, not of this program. */
export interface CompileError {
  /** `compile`: the compiler; `link`: ld, modpost or objtool; `config`: kconfig; `other`: anything else make reports. */
  readonly kind: 'compile' | 'link' | 'config' | 'other';
  /** Relative to the top of the tree; null when the message names no source file. */
  readonly file: string | null;
  /** 1-based; null when unknown. */
  readonly line: number | null;
  /** The message of the first error, without file and position. */
  readonly message: string;
  /** Path of make's whole output. */
  readonly log: string;
  /** The last lines of that output. */
  readonly tail: readonly string[];
}

export type BuildResult =
  | { readonly ok: true; readonly kernel: Kernel }
  | { readonly ok: false; readonly error: CompileError };

export interface BuildRequest {
  readonly tree: Tree;
  /** Empty for the base. Order does not matter; a path occurs once. */
  readonly changes: readonly SourceChange[];
  /** For people, in messages and in the store's index: `base`, or the candidate's name. */
  readonly label: string;
  /** A name that `loadProfile` knows. */
  readonly profile: string;
}

export interface KernelOptions {
  /** Ask the archive for the newest version, also when it was asked today. */
  readonly newest?: boolean | undefined;
  readonly onEvent?: ((event: KernelEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BuildOptions extends KernelOptions {
  /** How many compilers at once; by default as many as there are processors. */
  readonly jobs?: number | undefined;
  /** How much everybody else's work goes before the compilers', 0 (not at all, the default) to 19; nice(1). */
  readonly niceness?: number | undefined;
  /** Asked for the kernel of that hash when this machine's store has none, before one is built. */
  readonly elsewhere?: ((hash: string) => Promise<Kernel | null>) | undefined;
}

/** Progress, for a screen. Byte counts are bytes; totals are null when nobody knows them. */
export type KernelEvent =
  /** Something worth a line, e.g. that there is no network and what is used instead. */
  | { readonly type: 'notice'; readonly message: string }
  /** Another process holds what this one needs. `holder` says who, for people. */
  | { readonly type: 'waiting'; readonly what: string; readonly holder: string }
  /** Asking the package archive for its newest version. */
  | { readonly type: 'lookup'; readonly what: string }
  | {
      readonly type: 'download';
      readonly what: string;
      readonly bytes: number;
      readonly total: number | null;
    }
  /** `bytes` unpacked or copied so far. */
  | { readonly type: 'unpack'; readonly what: string; readonly bytes: number; readonly total: number | null }
  /** Reading every file of a new tree to identify it. */
  | { readonly type: 'identify'; readonly what: string; readonly files: number }
  /** The work tree gets the candidate's files. */
  | { readonly type: 'switch'; readonly label: string; readonly files: number }
  | { readonly type: 'configure'; readonly profile: string }
  /** `total` is an estimate taken from the last full build, or a usual count before there was one. */
  | { readonly type: 'compile'; readonly done: number; readonly total: number; readonly object: string }
  | { readonly type: 'link' }
  /** The kernel went into the store. */
  | {
      readonly type: 'built';
      readonly label: string;
      readonly hash: string;
      readonly seconds: number;
      readonly objects: number;
    }
  /** The store had it. */
  | { readonly type: 'reused'; readonly label: string; readonly hash: string };

/** A profile, read and checked. */
export interface Profile {
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** Kconfig fragments in the order in which they are merged. */
  readonly fragments: readonly { readonly name: string; readonly text: string }[];
  /** Words for the kernel command line that belong to the profile. */
  readonly commandLine: string;
  readonly memoryMiB: number;
  readonly vcpus: number;
  /** How many times longer than with `lockdep` everything may take: to be multiplied with a test's deadline. At least 1. */
  readonly timeScale: number;
  /** Whether a trial in it can say of a patch what the others cannot; `coverage` only counts. */
  readonly judges: boolean;
  /**
   * Switches of kbuild for single objects, by which a Makefile says what to instrument
   * (scripts/Makefile.lib, 5.10 to 7.x): `GCOV_PROFILE_rw.o`. All objects of that name are meant, in every directory.
   */
  readonly makeVariables: Readonly<Record<string, 'y' | 'n'>>;
}
