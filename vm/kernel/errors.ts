import { ExitCode, RingtrialError } from '../../common/errors.ts';

/** A tree was named in a way nothing here understands, or that does not exist. */
export class UnknownTreeError extends RingtrialError {
  readonly code = 'UNKNOWN_TREE';
}

/** What the tree's name leads to is no Linux source. */
export class NotAKernelTreeError extends RingtrialError {
  readonly code = 'NOT_A_KERNEL_TREE';
}

/** Something has to be downloaded and cannot be. */
export class NoNetworkError extends RingtrialError {
  readonly code = 'NO_NETWORK';
  override readonly exitCode = ExitCode.inconclusive;
}

/** What was downloaded is not what it should be. */
export class DownloadCorruptError extends RingtrialError {
  readonly code = 'DOWNLOAD_CORRUPT';
  override readonly exitCode = ExitCode.inconclusive;
}

/** The file system that holds the cache is too full for what comes next. */
export class NoSpaceError extends RingtrialError {
  readonly code = 'NO_SPACE';
  override readonly exitCode = ExitCode.inconclusive;

  /** `wanted` and `free` are bytes. */
  constructor(
    need: { readonly what: string; readonly dir: string; readonly wanted: number; readonly free: number },
    options?: ErrorOptions,
  ) {
    const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
    super(
      `Not enough disk space for ${need.what}: ${gb(need.wanted)} needed, ${gb(need.free)} free below ${need.dir}. ` +
        'Free some, or point XDG_CACHE_HOME at a larger disk.',
      options,
    );
  }
}

/** A program that the build needs is not installed. */
export class MissingToolError extends RingtrialError {
  readonly code = 'MISSING_TOOL';

  constructor(tool: string, purpose: string) {
    super(
      `${tool} is not installed; it is needed to ${purpose}. Run 'ringtrial doctor --fix', or install it yourself.`,
    );
  }
}

/** No profile of that name. */
export class UnknownProfileError extends RingtrialError {
  readonly code = 'UNKNOWN_PROFILE';
}

/** A profile's files say something that cannot be used. */
export class InvalidProfileError extends RingtrialError {
  readonly code = 'INVALID_PROFILE';
}

/** One option that was asked for and did not survive `make olddefconfig`. */
export interface OptionMismatch {
  /** With its prefix: `CONFIG_KASAN`. */
  readonly option: string;
  /** As in a `.config`; `n` for "is not set". */
  readonly wanted: string;
  readonly got: string;
  /** Why, in words: the unmet dependency, or that the tree has no such option. */
  readonly reason: string;
}

/** Options of the profile that the tree's kconfig did not accept. */
export class ConfigOptionError extends RingtrialError {
  readonly code = 'CONFIG_OPTION';
  readonly mismatches: readonly OptionMismatch[];

  constructor(profile: string, version: string, mismatches: readonly OptionMismatch[]) {
    const lines = mismatches.map((m) => `  ${m.option}: wanted ${m.wanted}, got ${m.got}: ${m.reason}`);
    super(`Profile '${profile}' asks for what Linux ${version} does not give:\n${lines.join('\n')}`);
    this.mismatches = mismatches;
  }
}

/** The build stopped for a reason that lies in this machine and not in the source: no disk, no memory, a broken compiler. */
export class BuildEnvironmentError extends RingtrialError {
  readonly code = 'BUILD_ENVIRONMENT';
  override readonly exitCode = ExitCode.inconclusive;
}

/** A file of a cached source is not what it was when it was unpacked. */
export class TreeDamagedError extends RingtrialError {
  readonly code = 'TREE_DAMAGED';
  override readonly exitCode = ExitCode.inconclusive;

  constructor(file: string, treeDir: string) {
    super(
      `${file} in the cached source below ${treeDir} is not what was unpacked: somebody edited or truncated it. ` +
        'Remove that directory and run again; it will be fetched anew.',
    );
  }
}

/** A change names a file outside the tree, or leads there through a symbolic link. */
export class UnsafePathError extends RingtrialError {
  readonly code = 'UNSAFE_PATH';
}
