import type { Duplex } from 'node:stream';

/** QEMU refused a command, or ended before it answered. */
export class QmpError extends Error {
  readonly command: string;

  constructor(command: string, description: string) {
    super(`QEMU did not carry out ${command}: ${description}`);
    this.name = 'QmpError';
    this.command = command;
  }
}

export interface QmpEvent {
  readonly event: string;
  readonly data?: Record<string, unknown>;
}

interface Pending {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * QEMU Machine Protocol over a connected stream: one JSON object a line, answers matched by id
 * (QEMU's docs/interop/qmp-spec.rst).
 */
export class Qmp {
  readonly #stream: Duplex;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  #buffer = '';
  #next = 0;
  #closed: string | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => this.#receive(chunk));
    stream.on('error', (error) => this.#close(error.message));
    stream.on('close', () => this.#close('QEMU closed the connection'));
    stream.on('end', () => this.#close('QEMU closed the connection'));
  }

  /** Leaves capabilities negotiation, which must be the first command. */
  async negotiate(timeoutMs: number): Promise<void> {
    await this.command('qmp_capabilities', {}, timeoutMs);
  }

  /**
   * @returns the command's `return` value
   * @throws QmpError when QEMU refuses, ends, or is silent for `timeoutMs`
   */
  async command(name: string, args: Record<string, unknown> = {}, timeoutMs = 10_000): Promise<unknown> {
    if (this.#closed !== undefined) throw new QmpError(name, this.#closed);
    const id = this.#next++;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, { command: name, resolve: answer.resolve, reject: answer.reject });
    const timer = setTimeout(
      () => answer.reject(new QmpError(name, `no answer in ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#stream.write(`${JSON.stringify({ execute: name, arguments: args, id })}\n`);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** A command of the human monitor, for what has no QMP form; returns its text. */
  async human(line: string, timeoutMs?: number): Promise<string> {
    return String(await this.command('human-monitor-command', { 'command-line': line }, timeoutMs));
  }

  /** Calls back on every event until the returned function is called. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #receive(chunk: string): void {
    this.#buffer += chunk;
    const lines = this.#buffer.split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#dispatch(JSON.parse(line) as Message);
  }

  #dispatch(message: Message): void {
    if (message.event !== undefined) {
      for (const listener of this.#listeners) listener(message as QmpEvent);
      return;
    }
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (!pending) return;
    if (message.error) pending.reject(new QmpError(pending.command, message.error.desc));
    else pending.resolve(message.return);
  }

  #close(reason: string): void {
    this.#closed ??= reason;
    for (const pending of this.#pending.values()) pending.reject(new QmpError(pending.command, reason));
    this.#pending.clear();
    this.#stream.destroy();
  }
}

interface Message {
  readonly id?: number;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}
