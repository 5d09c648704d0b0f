import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CpioEntry, directory, file } from '../image/cpio.ts';
import { type Image, writeInitrd } from '../image/image.ts';
import { type ExecOptions, type ExecResult, SshConnection } from '../ssh/connection.ts';
import { type GuestKeys, makeGuestKeys } from '../ssh/keys.ts';
import { type GuestShape, guestArgs, guestCommandLine, qemuProgram } from './args.ts';
import { type BootStage, GuestBootError, panicLine } from './boot-error.ts';
import { SerialConsole } from './console.ts';
import { QemuProcess } from './process.ts';

/** What to boot, and where its evidence goes. */
export interface BootRequest {
  readonly shape: GuestShape;
  /** An ELF kernel with a PVH note (CONFIG_PVH): QEMU enters it directly, no bzImage is made. */
  readonly vmlinux: string;
  readonly image: Image;
  /** The profile's kernel parameters. */
  readonly commandLine: string;
  /** Gets console.log, qemu.stderr and command.json; created 0700. */
  readonly directory: string;
  /** From QEMU's start to the first SSH login. */
  readonly bootDeadlineMs: number;
}

/** Why a guest is no more. */
export type GuestEnd =
  | { readonly type: 'panic'; readonly line: string }
  | { readonly type: 'powered-off' }
  | { readonly type: 'qemu-died'; readonly detail: string };

/** A booted virtual machine that answers over SSH. Disposing of it kills QEMU and waits for its end. */
export class Guest implements AsyncDisposable {
  readonly directory: string;
  readonly console: SerialConsole;
  readonly shape: GuestShape;
  /** From QEMU's start to the finished SSH handshake. */
  readonly bootMs: number;
  readonly #process: QemuProcess;
  readonly #keys: GuestKeys;
  readonly #port: number;
  #ssh: SshConnection;

  private constructor(parts: GuestParts) {
    this.directory = parts.request.directory;
    this.shape = parts.request.shape;
    this.console = parts.console;
    this.#process = parts.process;
    this.#keys = parts.keys;
    this.#port = parts.port;
    this.#ssh = parts.ssh;
    this.bootMs = parts.bootMs;
  }

  /**
   * Boots a kernel until a command can be run in it.
   *
   * @throws GuestBootError saying how far it came; QemuMissingError; the signal's reason
   */
  static async boot(request: BootRequest, signal?: AbortSignal): Promise<Guest> {
    const started = performance.now();
    const keys = makeGuestKeys();
    await mkdir(request.directory, { recursive: true, mode: 0o700 });
    const initrd = path.join(request.directory, 'initrd');
    await writeInitrd(request.image, keyEntries(keys), initrd);
    const args = guestArgs(
      request.shape,
      { vmlinux: request.vmlinux, initrd },
      guestCommandLine(request.commandLine),
    );
    await writeFile(
      path.join(request.directory, 'command.json'),
      JSON.stringify([qemuProgram, ...args], null, 2),
    );
    signal?.throwIfAborted();
    await using stack = new AsyncDisposableStack();
    // The keys are in it; QEMU has read it long before anybody can log in.
    stack.defer(() => rm(initrd, { force: true }));
    const process = await QemuProcess.start(args, request.directory);
    const onFailure = stack.use(new AsyncDisposableStack());
    onFailure.use(process);
    const console = new SerialConsole(process.console, path.join(request.directory, 'console.log'));
    const boot = new Boot(request, process, console);
    const { ssh, port } = await boot.waitForLogin(keys, signal);
    onFailure.move();
    return new Guest({ request, process, console, keys, ssh, port, bootMs: performance.now() - started });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get qmp(): QemuProcess['qmp'] {
    return this.#process.qmp;
  }

  /** Resolves when QEMU is gone, with why; never rejects. */
  async ended(): Promise<GuestEnd> {
    const exit = await this.#process.exited;
    await this.console.closed;
    const panic = panicLine(this.console.tail);
    if (panic !== undefined) return { type: 'panic', line: panic };
    if (exit.code === 0) return { type: 'powered-off' };
    return {
      type: 'qemu-died',
      detail: exit.signal ? `killed by ${exit.signal}` : `exit status ${exit.code}`,
    };
  }

  get alive(): boolean {
    return this.#process.exit === undefined;
  }

  /** Runs a shell command in the guest. A connection that was lost earlier is opened anew, once. */
  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    if (this.#ssh.lost !== undefined && this.alive) await this.#reconnect();
    return await this.#ssh.exec(command, options);
  }

  /** Another connection to the same guest, for a terminal. */
  async connect(): Promise<SshConnection> {
    return await SshConnection.connect({ host: '127.0.0.1', port: this.#port }, this.#keys, 20_000);
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

interface GuestParts {
  readonly request: BootRequest;
  readonly process: QemuProcess;
  readonly console: SerialConsole;
  readonly keys: GuestKeys;
  readonly ssh: SshConnection;
  readonly port: number;
  readonly bootMs: number;
}

const keyEntries = (keys: GuestKeys): CpioEntry[] => [
  file('etc/dropbear/host_key', keys.hostKey, 0o600),
  directory('root/.ssh', 0o700),
  file('root/.ssh/authorized_keys', Buffer.from(keys.authorizedKey), 0o600),
];

/** The wait between QEMU's start and the first login, raced against QEMU's end and a deadline. */
class Boot {
  readonly #request: BootRequest;
  readonly #process: QemuProcess;
  readonly #console: SerialConsole;
  #stage: BootStage = 'qemu';

  constructor(request: BootRequest, process: QemuProcess, console: SerialConsole) {
    this.#request = request;
    this.#process = process;
    this.#console = console;
  }

  async waitForLogin(keys: GuestKeys, signal?: AbortSignal): Promise<{ ssh: SshConnection; port: number }> {
    const ready = this.#console.waitFor('ringtrial: READY', this.#request.bootDeadlineMs);
    const deadline = AbortSignal.timeout(this.#request.bootDeadlineMs);
    const stop = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const aborted = Promise.withResolvers<never>();
    stop.addEventListener('abort', () => aborted.reject(new Error('deadline')));
    const died = this.#process.exited.then(() => Promise.reject(new Error('QEMU ended')));
    died.catch(() => {});
    aborted.promise.catch(() => {});
    let login: Promise<{ ssh: SshConnection; port: number }> | undefined;
    try {
      login = this.#login(ready, keys, stop);
      return await Promise.race([login, died, aborted.promise]);
    } catch (cause) {
      // A login that finishes after all must not stay open.
      void login?.then(({ ssh }) => ssh[Symbol.asyncDispose]()).catch(() => {});
      signal?.throwIfAborted();
      throw await this.#failure(deadline.aborted, cause);
    }
  }

  async #login(
    ready: Promise<boolean>,
    keys: GuestKeys,
    stop: AbortSignal,
  ): Promise<{ ssh: SshConnection; port: number }> {
    await this.#process.qmp.negotiate(this.#request.bootDeadlineMs);
    const port = forwardedPort(await this.#process.qmp.human('info usernet'));
    this.#stage = 'kernel';
    if (!(await ready)) throw new Error('the guest never said READY');
    this.#stage = 'ssh';
    for (;;) {
      stop.throwIfAborted();
      try {
        return { ssh: await SshConnection.connect({ host: '127.0.0.1', port }, keys, 10_000), port };
      } catch (error) {
        // READY comes a moment before the server listens; QEMU then accepts and closes.
        if (stop.aborted || this.#process.exit) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async #failure(timedOut: boolean, cause: unknown): Promise<GuestBootError> {
    await this.#process.kill();
    const stderr = await readFile(path.join(this.#request.directory, 'qemu.stderr'), 'utf8').catch(() => '');
    return new GuestBootError(
      {
        stage: this.#stage === 'kernel' && this.#console.size === 0 ? 'silent' : this.#stage,
        deadlineMs: timedOut ? this.#request.bootDeadlineMs : undefined,
        console: this.#console.tail,
        stderr,
        consolePath: this.#console.path,
      },
      { cause },
    );
  }
}

/** The loopback port that QEMU got for the guest's port 22, from the monitor's `info usernet`. */
function forwardedPort(text: string): number {
  const match = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+\S+\s+22\b/.exec(text);
  if (!match) throw new Error(`QEMU forwards no port to the guest:\n${text}`);
  return Number(match[1]);
}
