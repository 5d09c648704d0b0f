import type { AcceleratorChoice } from '../../vm/qemu/accel.ts';
import type { Machine } from '../../vm/qemu/args.ts';
import type { ExecOutcome } from '../../vm/ssh/outcome.ts';
import { findKernel } from '../find-kernel.ts';
import { openGuest } from '../open-guest.ts';

export interface BootOptions {
  /** The beginning of a built kernel's hash, a run directory (its patched kernel) or `DIR:base`; by default the newest run's. */
  readonly kernel?: string | undefined;
  readonly accel?: AcceleratorChoice | undefined;
  readonly machine?: Machine | undefined;
  /** Told why something takes longer or is not as usual. */
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Ends the boot, and every command of the guest. */
  readonly signal?: AbortSignal | undefined;
}

export interface CommandOptions {
  /** After so many milliseconds the outcome is `deadline`; 600,000 by default. */
  readonly deadlineMs?: number | undefined;
  readonly stdin?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a command in the guest did. */
export interface CommandResult {
  /** Undefined when it did not exit: `outcome` says what came instead. */
  readonly exitCode: number | undefined;
  readonly outcome: ExecOutcome;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** A guest that answers. Disposing of it ends it, and removes what it left on the host. */
export interface BootedGuest extends AsyncDisposable {
  readonly kernel: { readonly hash: string; readonly version: string; readonly profile: string };
  /** The file that the serial console is written to, for as long as the guest lives. */
  readonly consoleLog: string;
  /** Runs a shell command (busybox). A status that is not 0 is an outcome, no exception. */
  exec(command: string, options?: CommandOptions): Promise<CommandResult>;
}

/**
 * Starts a fresh guest of a built kernel, with the suite's test programs in /tests: the first time it is booted,
 * later it is a fork of that one.
 *
 *     await using guest = await boot({ kernel: '1f0c' });
 *     const { stdout } = await guest.exec('uname -r');
 *
 * @throws RingtrialError: `UNKNOWN_KERNEL` when none or several are meant, `HOST_NOT_READY`, `GUEST_DID_NOT_BOOT`
 */
export async function boot({ kernel, signal, ...options }: BootOptions = {}): Promise<BootedGuest> {
  const found = await findKernel(kernel);
  const open = await openGuest(found, { ...options, signal });
  const { hash, version, profile } = found.kernel;
  return {
    kernel: { hash, version, profile },
    consoleLog: open.guest.console.path,
    async exec(command, { deadlineMs = 600_000, stdin, signal: own } = {}) {
      const signals = [signal, own].filter((one) => one !== undefined);
      const { outcome, stdout, stderr, milliseconds } = await open.guest.exec(command, {
        deadlineMs,
        ...(stdin === undefined ? {} : { stdin: Buffer.from(stdin) }),
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      });
      const exitCode = outcome.type === 'exited' ? outcome.code : undefined;
      return { exitCode, outcome, stdout: stdout.toString(), stderr: stderr.toString(), milliseconds };
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}
