import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ssh2 from 'ssh2';
import { atDeadline } from '../../common/deadline.ts';
import type { GuestKeys } from './keys.ts';
import type { ExecOutcome } from './outcome.ts';

export type { ExecOutcome } from './outcome.ts';

export interface ExecResult {
  readonly outcome: ExecOutcome;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Output past `maxOutputBytes` was thrown away. */
  readonly truncated: boolean;
  readonly milliseconds: number;
}

export interface ExecOptions {
  /** After so many milliseconds the outcome is `deadline`; the command is left to the caller. */
  readonly deadlineMs: number;
  /** Asked when the deadline has passed for how many milliseconds it is put off; see `atDeadline`. */
  readonly extend?: (() => number) | undefined;
  readonly stdin?: Buffer;
  /** Bytes kept of each of stdout and stderr, 8 MiB by default: a guest is hostile input. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
}

export interface ConnectOptions {
  /** For the handshake. */
  readonly timeoutMs: number;
  /** Wait for ever on a guest that stands still, for somebody means it to. */
  readonly patient?: boolean;
}

export interface TerminalSize {
  readonly rows: number;
  readonly cols: number;
}

export type Terminal = ssh2.ClientChannel;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Emulated guests compute slowly, so the cheapest of the modern algorithms, and no other. */
const algorithms: ssh2.Algorithms = {
  kex: ['curve25519-sha256'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['chacha20-poly1305@openssh.com', 'aes128-ctr'],
  hmac: ['hmac-sha2-256'],
  compress: ['none'],
};

/** One SSH connection to a guest whose host key is known beforehand. */
export class SshConnection implements AsyncDisposable {
  readonly #client: ssh2.Client;
  #lost: string | undefined;
  readonly #onLost = new Set<(reason: string) => void>();

  private constructor(client: ssh2.Client) {
    this.#client = client;
    // An error after the handshake is a lost connection; without a listener it would end the process.
    client.on('error', (error) => this.#lose(error.message));
    client.on('close', () => this.#lose('the connection was closed'));
  }

  /**
   * One attempt at a finished handshake. QEMU accepts TCP long before the guest listens, so an open
   * port says nothing.
   *
   * @throws Error when the handshake fails or takes too long
   */
  static async connect(
    address: Address,
    keys: GuestKeys,
    { timeoutMs, patient = false }: ConnectOptions,
  ): Promise<SshConnection> {
    const client = new ssh2.Client();
    const ready = Promise.withResolvers<void>();
    client.once('ready', () => ready.resolve());
    client.once('error', (error) => ready.reject(error));
    client.once('close', () => ready.reject(new Error('the connection was closed during the handshake')));
    client.connect({
      ...address,
      username: 'root',
      privateKey: keys.clientKey,
      readyTimeout: timeoutMs,
      // ssh2 waits for ever on a frozen guest unless it asks now and then.
      keepaliveInterval: patient ? 0 : 5_000,
      keepaliveCountMax: 6,
      algorithms,
      hostVerifier: (key: Buffer) => key.equals(keys.hostPublicKey),
    });
    try {
      await ready.promise;
    } catch (error) {
      client.on('error', () => {});
      client.destroy();
      throw error;
    }
    return new SshConnection(client);
  }

  get lost(): string | undefined {
    return this.#lost;
  }

  /** Runs a command with the guest's shell. How it ends is data; this only throws when `signal` aborts. */
  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    const started = performance.now();
    const stdout = new Collector(options.maxOutputBytes);
    const stderr = new Collector(options.maxOutputBytes);
    const outcome = await this.#run(command, options, { stdout, stderr });
    options.signal?.throwIfAborted();
    return {
      outcome,
      stdout: stdout.bytes(),
      stderr: stderr.bytes(),
      truncated: stdout.truncated || stderr.truncated,
      milliseconds: performance.now() - started,
    };
  }

  async #run(
    command: string,
    options: ExecOptions,
    output: { stdout: Collector; stderr: Collector },
  ): Promise<ExecOutcome> {
    const ended = Promise.withResolvers<ExecOutcome>();
    const lose = (reason: string): void => ended.resolve({ type: 'lost', reason });
    const callOff = atDeadline(options.deadlineMs, () => ended.resolve({ type: 'deadline' }), options.extend);
    const abort = (): void => lose('aborted');
    if (this.#lost !== undefined) lose(this.#lost);
    if (options.signal?.aborted) abort();
    this.#onLost.add(lose);
    options.signal?.addEventListener('abort', abort);
    try {
      this.#client.exec(command, (error, channel) => {
        if (error) return lose(error.message);
        void pump(channel, options.stdin, output);
        let outcome: ExecOutcome | undefined;
        channel.on('exit', (code: number | null, signal?: string) => {
          outcome =
            code === null ? { type: 'signalled', signal: signal ?? 'unknown' } : { type: 'exited', code };
        });
        channel.on('close', () =>
          ended.resolve(outcome ?? { type: 'lost', reason: 'no exit status arrived' }),
        );
      });
      return await ended.promise;
    } catch (error) {
      // ssh2 throws at once when the client is no longer connected.
      return { type: 'lost', reason: (error as Error).message };
    } finally {
      callOff();
      this.#onLost.delete(lose);
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /** An interactive command on a pseudo-terminal, for people. */
  async terminal(command: string, size: TerminalSize): Promise<Terminal> {
    const opened = Promise.withResolvers<ssh2.ClientChannel>();
    const done = (error: Error | undefined, channel: ssh2.ClientChannel): void =>
      error ? opened.reject(error) : opened.resolve(channel);
    const pty: ssh2.PseudoTtyOptions = { term: process.env['TERM'] ?? 'vt100', ...size };
    this.#client.exec(command, { pty }, done);
    return await opened.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lose('closed by us');
    this.#client.destroy();
  }

  #lose(reason: string): void {
    this.#lost ??= reason;
    for (const lose of this.#onLost) lose(this.#lost);
  }
}

async function pump(
  channel: ssh2.ClientChannel,
  stdin: Buffer | undefined,
  output: { stdout: Collector; stderr: Collector },
): Promise<void> {
  channel.on('data', (chunk: Buffer) => output.stdout.add(chunk));
  channel.stderr.on('data', (chunk: Buffer) => output.stderr.add(chunk));
  // A command may end without reading all of its input: its exit status tells, not the broken pipe.
  if (stdin) await pipeline(Readable.from(slices(stdin)), channel).catch(() => {});
  else channel.end();
}

/** Pieces that fit an SSH channel's window, so that back-pressure works. */
function* slices(bytes: Buffer, size = 32 * 1024): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Keeps the first bytes of a stream, up to a limit. */
class Collector {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  truncated = false;

  constructor(limit = 8 * 1024 * 1024) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    const room = this.#limit - this.#size;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    const kept = chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#size += kept.length;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
