import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { RingtrialError } from '../../common/errors.ts';
import { controlFd, qemuProgram } from './args.ts';
import { Qmp } from './qmp.ts';

/** QEMU is not installed, or cannot be started. */
export class QemuMissingError extends RingtrialError {
  readonly code = 'QEMU_MISSING';
}

/** How a QEMU process ended: by itself with a status, or by a signal. */
export interface QemuExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running QEMU with its three channels. It dies with this process, however this process dies. */
export class QemuProcess implements AsyncDisposable {
  readonly pid: number;
  readonly qmp: Qmp;
  /** The guest's serial console. Somebody must read it, or the guest stalls on its next line. */
  readonly console: Readable;
  /** Resolves when QEMU is gone, whatever the cause; never rejects. */
  readonly exited: Promise<QemuExit>;
  readonly #keyboard: Writable;
  #exit: QemuExit | undefined;

  private constructor(child: ReturnType<typeof spawn>, exited: Promise<QemuExit>) {
    this.pid = child.pid ?? -1;
    this.console = child.stdout as Readable;
    this.#keyboard = child.stdin as Writable;
    // QEMU may be gone when somebody types.
    this.#keyboard.on('error', () => {});
    this.qmp = new Qmp(child.stdio[controlFd] as Duplex);
    this.exited = exited;
    void exited.then((exit) => {
      this.#exit = exit;
    });
  }

  /**
   * Starts QEMU in a directory that gets its standard error as `qemu.stderr`. `files` are descriptors
   * that it inherits, by the number they get in QEMU; they stay ours to close.
   *
   * @throws QemuMissingError when there is no QEMU to start
   */
  static async start(
    args: readonly string[],
    directory: string,
    files: Readonly<Record<number, number>> = {},
  ): Promise<QemuProcess> {
    // pdeathsig: the kernel itself kills QEMU when this process is gone, kill -9 included (prctl(2)).
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', qemuProgram, ...args], {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...Object.values(files)],
    });
    const exited = Promise.withResolvers<QemuExit>();
    child.once('exit', (code, signal) => exited.resolve({ code, signal }));
    const started = Promise.withResolvers<void>();
    child.once('spawn', () => started.resolve());
    child.once('error', (error) => {
      started.reject(error);
      exited.resolve({ code: 127, signal: null });
    });
    const stderr = createWriteStream(path.join(directory, 'qemu.stderr'));
    // A full disk must not end the harness: what QEMU had to say is lost, the guest is not.
    stderr.on('error', () => child.stderr?.resume());
    child.stderr?.pipe(stderr);
    await started.promise.catch((cause: unknown) => {
      throw new QemuMissingError(
        'setpriv (util-linux), which starts QEMU, is missing; run: ringtrial doctor --fix',
        {
          cause,
        },
      );
    });
    return new QemuProcess(child, exited.promise);
  }

  /** Types on the serial console. */
  type(text: string): void {
    this.#keyboard.write(text);
  }

  get exit(): QemuExit | undefined {
    return this.#exit;
  }

  /** Kills QEMU, and returns once the kernel has reaped it. Safe to call again. */
  async kill(): Promise<QemuExit> {
    if (!this.#exit) {
      // A QEMU that was stopped (SIGSTOP) takes no other signal than this one.
      process.kill(this.pid, 'SIGKILL');
    }
    const exit = await this.exited;
    await finished(this.console, { cleanup: true }).catch(() => {});
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
