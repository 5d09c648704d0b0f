import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GdbClient, GdbProtocolError, type GdbStop } from './gdb-client.ts';
import { GdbStubError } from './gdb-stub.ts';
import type { Guest } from './guest.ts';

/** When a guest's processors are held, one at a time, while the others go on. Milliseconds. */
export interface HoldPlan {
  /** Code addresses: the processor that comes to one is held there. None: any processor, at any moment. */
  readonly at: readonly bigint[];
  /** The next time that a processor is held. */
  readonly holdMs: () => number;
  /** The next time that nobody is held; it is longer when holding took longer, so that most of the time is the guest's. */
  readonly restMs: () => number;
  /** How long a processor is waited for at `at`: code near a breakpoint is emulated many times more slowly. */
  readonly armedMs: number;
  /** When holding has taken so much in all, there is no more of it: the guest's work must come to its end. */
  readonly budgetMs: number;
  /** The next processor to hold, from 0, where `at` names no place. */
  readonly processor: () => number;
}

/** A guest whose processors are being held. Disposing of it lets them all run, and waits until they do. */
export interface Holding extends AsyncDisposable {
  /** How often one was held so far. */
  readonly holds: number;
}

/**
 * Holds single processors of a guest for moments, through QEMU's gdb stub: what hypervisors do to a guest all the
 * time, done at the worst moments. It needs nothing of the kernel, which sees a processor that is slow. Meanwhile
 * the guest's clock goes on; it stands still for the moment that each change takes.
 *
 * @throws GdbStubError when QEMU lets nobody in
 */
export async function holdProcessors(guest: Guest, plan: HoldPlan): Promise<Holding> {
  const client = new GdbClient(await stubConnection(guest));
  const state = { holds: 0, stop: new AbortController() };
  const done = hold(client, { plan, vcpus: guest.shape.vcpus, state }).catch((error: unknown) => {
    // The guest may end at any moment.
    if (!(error instanceof GdbProtocolError)) throw error;
  });
  return {
    get holds() {
      return state.holds;
    },
    async [Symbol.asyncDispose]() {
      state.stop.abort();
      await done;
    },
  };
}

interface Loop {
  readonly plan: HoldPlan;
  readonly vcpus: number;
  readonly state: { holds: number; readonly stop: AbortController };
}

async function hold(client: GdbClient, { plan, vcpus, state }: Loop): Promise<void> {
  const { signal } = state.stop;
  const all = Array.from({ length: vcpus }, (_, index) => index + 1);
  let [spent, turn, last] = [0, 0, 0];
  while (!signal.aborted && spent < plan.budgetMs) {
    const stopped = await runFor(client, Math.max(restShare * last, plan.restMs()), { signal });
    if (stopped.why === 'ended') return;
    if (signal.aborted) break;
    const began = Date.now();
    const held =
      plan.at.length === 0
        ? plan.processor() + 1
        : await atPlace(client, { at: plan.at[turn++ % plan.at.length], armedMs: plan.armedMs }, signal);
    if (held !== undefined) {
      state.holds++;
      const others = all.filter((thread) => thread !== held);
      if ((await runFor(client, plan.holdMs(), { threads: others, signal })).why === 'ended') return;
    }
    last = Date.now() - began;
    spent += last;
  }
  await client.detach();
}

/** Each breakpoint makes QEMU translate code anew: after a hold so many times its length belongs to the guest. */
const restShare = 4;

/** Waits until a processor comes to a place; undefined when none does in time. */
async function atPlace(
  client: GdbClient,
  { at, armedMs }: { readonly at: bigint | undefined; readonly armedMs: number },
  signal: AbortSignal,
): Promise<number | undefined> {
  if (at === undefined) return undefined;
  await client.setBreakpoint(at, true);
  const { why, thread } = await runFor(client, armedMs, { signal });
  // It would stop there again at once. A guest that is gone fails here.
  await client.setBreakpoint(at, false);
  return why === 'breakpoint' ? thread : undefined;
}

interface Running {
  /** By default all. */
  readonly threads?: readonly number[];
  readonly signal: AbortSignal;
}

/** Lets processors run for a time, or until one stops by itself. */
async function runFor(
  client: GdbClient,
  milliseconds: number,
  { threads, signal }: Running,
): Promise<GdbStop> {
  const resumed = client.resume(threads);
  const over = new AbortController();
  const ended = AbortSignal.any([over.signal, signal]);
  const timer = sleep(milliseconds, undefined, { signal: ended }).catch(() => {});
  if (signal.aborted) over.abort();
  void timer.then(() => {
    if (!over.signal.aborted || signal.aborted) client.interrupt();
  });
  try {
    return await resumed;
  } finally {
    over.abort();
  }
}

/** Has QEMU's gdb stub connect to us: nobody else can. */
async function stubConnection(guest: Guest): Promise<net.Socket> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-'));
  const server = net.createServer();
  try {
    const socket = path.join(directory, 'gdb');
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
    const connected = new Promise<net.Socket>((resolve) => server.once('connection', resolve));
    // The stub keeps the connection of an earlier user until then, and refuses another.
    await guest.qmp.human('gdbserver none');
    const answer = await guest.qmp.human(`gdbserver "unix:${socket}"`);
    if (!answer.includes('Waiting for gdb')) throw new GdbStubError(`QEMU lets no gdb in: ${answer.trim()}`);
    return await connected;
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
}
