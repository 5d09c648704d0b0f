import {
  type ConnectOptions,
  type ExecOptions,
  type ExecResult,
  SshConnection,
  type Terminal,
  type TerminalSize,
} from '../ssh/connection.ts';
import type { GuestKeys } from '../ssh/keys.ts';
import type { GuestShape } from './args.ts';
import { panicLine } from './boot-error.ts';
import type { SerialConsole } from './console.ts';
import { patience, processorWaitMs } from './patience.ts';
import type { QemuProcess } from './process.ts';
import type { Qmp } from './qmp.ts';

/** Why a guest is no more. */
export type GuestEnd =
  | { readonly type: 'panic'; readonly line: string }
  | { readonly type: 'powered-off' }
  | { readonly type: 'qemu-died'; readonly detail: string };

/** What a guest is made of once it lets somebody in. */
export interface GuestParts {
  readonly directory: string;
  readonly shape: GuestShape;
  readonly process: QemuProcess;
  readonly console: SerialConsole;
  readonly keys: GuestKeys;
  readonly ssh: SshConnection;
  /** The loopback port of the guest's SSH server. */
  readonly port: number;
  /** From QEMU's start to the finished SSH handshake. */
  readonly bootMs: number;
  /** Whether it was booted from power-on or resumed from a snapshot. */
  readonly origin: 'boot' | 'fork';
  /** Run before the first command, as part of it: a fork sets its clock and its random state so. */
  readonly preamble?: string;
}

/** A running virtual machine that answers over SSH. Disposing of it kills QEMU and waits for its end. */
export class Guest implements AsyncDisposable {
  readonly directory: string;
  readonly console: SerialConsole;
  readonly shape: GuestShape;
  readonly bootMs: number;
  readonly origin: 'boot' | 'fork';
  readonly keys: GuestKeys;
  readonly #process: QemuProcess;
  readonly #port: number;
  #ssh: SshConnection;
  #preamble: string;

  constructor(parts: GuestParts) {
    this.directory = parts.directory;
    this.shape = parts.shape;
    this.console = parts.console;
    this.bootMs = parts.bootMs;
    this.origin = parts.origin;
    this.keys = parts.keys;
    this.#process = parts.process;
    this.#port = parts.port;
    this.#ssh = parts.ssh;
    this.#preamble = parts.preamble === undefined ? '' : `${parts.preamble}; `;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get qmp(): Qmp {
    return this.#process.qmp;
  }

  get alive(): boolean {
    return this.#process.exit === undefined;
  }

  /** Resolves when QEMU is gone, with why; never rejects. */
  async ended(): Promise<GuestEnd> {
    const exit = await this.#process.exited;
    await this.console.closed;
    const panic = panicLine(this.console.tail);
    if (panic !== undefined) return { type: 'panic', line: panic };
    if (exit.code === 0 || this.halted) return { type: 'powered-off' };
    const detail = exit.signal ? `killed by ${exit.signal}` : `exit status ${exit.code}`;
    return { type: 'qemu-died', detail };
  }

  /**
   * Whether the kernel said that it switches the machine off or halts it (kernel/reboot.c). Without ACPI
   * it cannot switch QEMU off: the processors just stand still.
   */
  get halted(): boolean {
    return /\breboot: (Power down|System halted)/.test(this.console.tail);
  }

  /**
   * Runs a shell command in the guest. A connection that was lost earlier is opened anew, once. Time in which the guest
   * waited for one of the host's processors does not count towards the deadline.
   */
  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    if (this.#ssh.lost !== undefined && this.alive) await this.#reconnect();
    const preamble = this.#preamble;
    this.#preamble = '';
    const extend = patience(options.deadlineMs, () => processorWaitMs(this.pid));
    return await this.#ssh.exec(preamble + command, { extend, ...options });
  }

  /** The same on a pseudo-terminal, for people. */
  async terminal(command: string, size: TerminalSize): Promise<Terminal> {
    const preamble = this.#preamble;
    this.#preamble = '';
    return await this.#ssh.terminal(preamble + command, size);
  }

  /** Another connection to the same guest. */
  async connect(options: Partial<ConnectOptions> = {}): Promise<SshConnection> {
    const address = { host: '127.0.0.1', port: this.#port };
    return await SshConnection.connect(address, this.keys, { timeoutMs: 20_000, ...options });
  }

  /** Presses a SysRq key on the serial console: a break, then the key (Documentation/admin-guide/sysrq.rst). */
  async sysrq(key: string): Promise<void> {
    await this.qmp.command('chardev-send-break', { id: 'console' });
    this.#process.type(key);
  }

  /** Closes the connection, so that a snapshot holds none. The next command opens another. */
  async disconnect(): Promise<void> {
    await this.#ssh[Symbol.asyncDispose]();
  }

  async #reconnect(): Promise<void> {
    const fresh = await this.connect().catch(() => undefined);
    if (fresh) this.#ssh = fresh;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ssh[Symbol.asyncDispose]();
    await this.#process.kill();
    await this.console.closed;
  }
}
