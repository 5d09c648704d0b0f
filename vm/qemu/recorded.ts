import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { type GuestShape, type InstructionLog, qemuProgram, recordedArgs, recordedConsole } from './args.ts';
import { writeCommand } from './boot.ts';
import { QemuProcess } from './process.ts';
import { type Qmp, QmpError } from './qmp.ts';

export interface RecordedRequest {
  readonly shape: GuestShape;
  readonly vmlinux: string;
  /** All that the guest has, with what it runs. */
  readonly initrd: string;
  /** All of the kernel's parameters: a replay needs each as it was. */
  readonly commandLine: string;
  /** Gets console.log, qemu.stderr and command.json; created 0700. */
  readonly directory: string;
  readonly log: InstructionLog;
}

/** Time to answer, while QEMU may be busy with a snapshot. */
const answerMs = 60_000;
const pollMs = 50;
/** A guest must not be able to fill the host's disk. */
const consoleLimitBytes = 64 * 1024 * 1024;

/** A guest that runs from power-on to its own end, with nobody logged in. Disposing of it kills QEMU. */
export class RecordedGuest implements AsyncDisposable {
  readonly process: QemuProcess;
  /** The console's file, which QEMU writes. */
  readonly console: string;
  #read = 0;
  #tail = '';

  private constructor(process: QemuProcess, console: string) {
    this.process = process;
    this.console = console;
    process.console.resume();
  }

  /**
   * Starts QEMU: a recording runs at once, a replay waits for `proceed`.
   *
   * @throws QemuMissingError, QmpError
   */
  static async start(request: RecordedRequest): Promise<RecordedGuest> {
    const { shape, vmlinux, initrd, directory } = request;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { commandLine, log } = request;
    const args = recordedArgs(shape, { files: { vmlinux, initrd }, commandLine }, log);
    await writeCommand(directory, args);
    const process = await QemuProcess.start(args, directory);
    const guest = new RecordedGuest(process, path.join(directory, recordedConsole));
    try {
      await process.qmp.negotiate(answerMs);
      return guest;
    } catch (error) {
      await guest[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Follows the console until a word is printed that was not read before.
   *
   * @param onText is given what comes
   * @returns false when QEMU ended, the deadline passed, or the guest prints without end
   */
  async follow(
    word: string | undefined,
    milliseconds: number,
    onText?: (text: Buffer) => void,
  ): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const ended = this.process.exit !== undefined;
      const text = this.#fresh();
      if (text.length > 0) onText?.(text);
      const seen = this.#tail + text.toString('latin1');
      if (word !== undefined && seen.includes(word)) {
        this.#tail = seen.slice(seen.indexOf(word) + word.length);
        return true;
      }
      this.#tail = seen.slice(-100);
      if (ended || Date.now() > deadline || this.#read > consoleLimitBytes) return false;
      await Promise.race([sleep(pollMs), this.process.exited]);
    }
  }

  /** What the console holds that was not read yet. */
  #fresh(): Buffer {
    const size = statSync(this.console, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#read) return Buffer.of();
    const fd = openSync(this.console, 'r');
    try {
      const bytes = Buffer.alloc(size - this.#read);
      const length = readSync(fd, bytes, 0, bytes.length, this.#read);
      this.#read += length;
      return bytes.subarray(0, length);
    } finally {
      closeSync(fd);
    }
  }

  get qmp(): Qmp {
    return this.process.qmp;
  }

  /** How many instructions the guest has executed; undefined when QEMU is gone. */
  async instructions(): Promise<number | undefined> {
    try {
      return ((await this.qmp.command('query-replay', {}, answerMs)) as { icount: number }).icount;
    } catch (error) {
      if (error instanceof QmpError) return undefined;
      throw error;
    }
  }

  /** Lets a replay run. */
  async proceed(): Promise<void> {
    await this.qmp.command('cont', {}, answerMs);
  }

  /** Lets a replay run until so many instructions are executed; there it stands still. */
  async proceedTo(instructions: number): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    const forget = this.qmp.onEvent(({ event }) => event === 'STOP' && stopped.resolve());
    try {
      await this.qmp.command('replay-break', { icount: instructions }, answerMs);
      await this.proceed();
      await Promise.race([stopped.promise, this.process.exited]);
    } finally {
      forget();
    }
  }

  /** Saves the guest as it is now, for gdb to go back to. */
  async save(name: string): Promise<void> {
    const answer = await this.qmp.human(`savevm ${name}`, answerMs);
    if (answer.trim() !== '') throw new QmpError('savevm', answer.trim());
  }

  /** Ends QEMU so that its log is whole: a killed one leaves half of it. */
  async quit(): Promise<void> {
    await this.qmp.command('quit', {}, answerMs).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.kill();
  }
}

/** The version that a recording is bound to: devices and translated code differ between versions. */
export async function qemuVersion(): Promise<string> {
  const { stdout } = await execa(qemuProgram, ['--version']);
  return stdout.split('\n')[0] ?? '';
}
