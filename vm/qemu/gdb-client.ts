import type { Duplex } from 'node:stream';

/** QEMU's gdb stub refused something, or is gone. */
export class GdbProtocolError extends Error {}

/** Why a guest stands still: one of its processors came to a breakpoint, or it was asked to. */
export interface GdbStop {
  readonly why: 'breakpoint' | 'asked' | 'ended';
  /** Of the processor that stopped, from 1, as QEMU counts its threads for gdb. */
  readonly thread: number;
}

/** SIGTRAP, as gdb's protocol numbers signals. */
const trap = 5;
const acknowledgement = 0x2b; // '+'

/**
 * The client's side of gdb's remote serial protocol, as far as stopping single processors of a guest needs it
 * (gdb's manual, appendix "GDB Remote Serial Protocol"). One request at a time.
 */
export class GdbClient {
  readonly #stream: Duplex;
  #buffer = '';
  #closed: string | undefined;
  #waiting: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#receive(chunk.toString('latin1')));
    stream.on('error', (error) => this.#close(error.message));
    stream.on('close', () => this.#close('QEMU closed the connection'));
  }

  /** Breakpoints in the debug registers, or what stands in for them: the guest's memory stays as it is. */
  async setBreakpoint(address: bigint, on: boolean): Promise<void> {
    const answer = await this.#request(`${on ? 'Z' : 'z'}1,${address.toString(16)},1`);
    if (answer !== 'OK') throw new GdbProtocolError(`QEMU sets no breakpoint at ${address}: ${answer}`);
  }

  /**
   * Lets some processors run, all others stand still, until something stops them.
   *
   * @param threads from 1; undefined: all
   */
  async resume(threads?: readonly number[]): Promise<GdbStop> {
    const actions = threads?.map((thread) => `;c:${thread.toString(16)}`).join('') ?? ';c';
    return parseStop(await this.#request(`vCont${actions}`));
  }

  /** Stops a guest that runs: `resume` returns. One that stands still already does not mind. */
  interrupt(): void {
    this.#stream.write('\x03');
  }

  /** Lets everything run, and leaves. */
  async detach(): Promise<void> {
    await this.#request('D');
    this.#stream.end();
  }

  async #request(body: string): Promise<string> {
    if (this.#closed !== undefined) throw new GdbProtocolError(this.#closed);
    if (this.#waiting) throw new GdbProtocolError('one request at a time');
    const answer = Promise.withResolvers<string>();
    this.#waiting = answer;
    this.#stream.write(packet(body));
    return await answer.promise;
  }

  #receive(text: string): void {
    this.#buffer += text;
    for (;;) {
      const found = /^\+*\$([^#]*)#[0-9a-f]{2}/.exec(this.#buffer);
      if (!found) return;
      this.#buffer = this.#buffer.slice(found[0].length);
      // A guest that runs would take it for a wish to stop; but no packet comes from one that runs.
      this.#stream.write(Buffer.of(acknowledgement));
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(found[1] ?? '');
    }
  }

  #close(reason: string): void {
    this.#closed ??= reason;
    this.#waiting?.reject(new GdbProtocolError(reason));
    this.#waiting = undefined;
  }
}

/** `$BODY#SUM`, the sum of the body's bytes modulo 256. */
export function packet(body: string): string {
  const sum = Buffer.from(body, 'latin1').reduce((total, byte) => (total + byte) % 256, 0);
  return `$${body}#${sum.toString(16).padStart(2, '0')}`;
}

/** A stop reply: `T05thread:02;`, `S05`, `W00` when the guest is gone. */
export function parseStop(reply: string): GdbStop {
  const found = /^[TS]([0-9a-f]{2})(?:.*?thread:([0-9a-f]+);)?/.exec(reply);
  if (!found) return { why: 'ended', thread: 0 };
  const why = Number.parseInt(found[1] ?? '', 16) === trap ? 'breakpoint' : 'asked';
  return { why, thread: Number.parseInt(found[2] ?? '1', 16) };
}
