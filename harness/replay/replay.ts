import { access, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { createQcow2 } from '../../vm/qemu/qcow2.ts';
import { qemuVersion, RecordedGuest } from '../../vm/qemu/recorded.ts';
import { secondsSince } from '../seconds.ts';
import { sha256Of } from '../suite/program.ts';
import { differenceOf } from './difference.ts';
import { logFile, type Recording, RecordingUnusableError } from './recording.ts';

/** What `ringtrial replay --json` prints. The version rises when a field changes its meaning or goes. */
export const replaySchema = z.object({
  schema: z.literal('ringtrial.replay/1'),
  /** The recording's directory. */
  recording: z.string(),
  /** Whether the console was the same, byte by byte, from power-on to the end. */
  identical: z.boolean(),
  bytes: z.number().int(),
  /** The first byte that differs, and the lines that it stands in. */
  difference: z.object({ at: z.number().int(), recorded: z.string(), replayed: z.string() }).optional(),
  /** What failed in the recording, and so again. */
  text: z.array(z.string()),
  seconds: z.number(),
});

export type Replay = z.infer<typeof replaySchema>;

export interface ReplayOptions {
  readonly recording: Recording;
  /** Is given the guest's console as it comes. */
  readonly onConsole?: ((text: Buffer) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A replay took up to three times as long as its recording; a replay that lost its way takes for ever. */
const patience = 10;
const leastSeconds = 180;

/**
 * Executes a recorded run again, instruction by instruction, and compares the consoles.
 *
 * @throws RecordingUnusableError when the kernel or QEMU is another one, QemuMissingError
 */
export async function replay({ recording, onConsole, signal }: ReplayOptions): Promise<Replay> {
  const started = Date.now();
  await using opened = await openReplay(recording);
  const { guest } = opened;
  await guest.proceed();
  const seconds = Math.max(leastSeconds, recording.seconds * patience);
  const abort = (): void => void guest.process.kill();
  signal?.addEventListener('abort', abort, { once: true });
  // QEMU's end is in the log, too. Where it does not come, what there is of the console is compared.
  await guest.follow(undefined, seconds * 1000, onConsole);
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  await guest.process.kill();
  const [was, is] = await Promise.all(
    [path.join(recording.directory, 'console.log'), guest.console].map((file) => readFile(file)),
  );
  const difference = differenceOf(was ?? Buffer.of(), is ?? Buffer.of());
  return replaySchema.parse({
    schema: 'ringtrial.replay/1',
    recording: recording.directory,
    identical: difference === undefined,
    bytes: is?.length ?? 0,
    ...(difference ? { difference } : {}),
    text: recording.text,
    seconds: secondsSince(started),
  });
}

const snapshotFile = 'snapshots.qcow2';

export interface OpenReplay extends AsyncDisposable {
  readonly guest: RecordedGuest;
  /** Only this user may enter it; it goes with the guest. */
  readonly directory: string;
}

/**
 * The guest of a recording at its power-on, standing still.
 *
 * @param reversible snapshots can be taken, from which gdb goes backwards
 */
export async function openReplay(recording: Recording, reversible = false): Promise<OpenReplay> {
  await checkUsable(recording);
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-replay-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  // The same words on QEMU's command line, wherever the recording lies.
  for (const name of [logFile, 'initrd'])
    await symlink(path.join(recording.directory, name), path.join(directory, name));
  if (reversible) await createQcow2(directory, snapshotFile, 2 ** 20);
  const { icountShift, memoryMiB, commandLine, kernel } = recording;
  const guest = await RecordedGuest.start({
    shape: { machine: 'microvm', accelerator: 'tcg', vcpus: 1, memoryMiB, icountShift },
    vmlinux: kernel.vmlinux,
    initrd: 'initrd',
    commandLine,
    directory,
    log: { mode: 'replay', file: logFile, snapshots: reversible ? snapshotFile : undefined },
  });
  stack.use(guest);
  const owned = stack.move();
  return { guest, directory, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/**
 * Only the same kernel, under the same QEMU, executes the same instructions.
 *
 * @throws RecordingUnusableError
 */
export async function checkUsable({ kernel, qemu, directory }: Recording): Promise<void> {
  for (const name of [logFile, 'initrd', 'console.log'])
    await access(path.join(directory, name)).catch((cause: unknown) => {
      throw new RecordingUnusableError(`${directory} has lost its ${name}. Make another recording.`, {
        cause,
      });
    });
  const sha256 = await sha256Of(kernel.vmlinux).catch(() => undefined);
  if (sha256 === undefined)
    throw new RecordingUnusableError(
      `The recorded kernel ${kernel.hash.slice(0, 12)} (${kernel.version}) is no longer in the cache (${kernel.vmlinux}). Build it again with the 'ringtrial evaluate' of its run.`,
    );
  if (sha256 !== kernel.sha256)
    throw new RecordingUnusableError(
      `${kernel.vmlinux} is not the kernel that was recorded: it was built again, and differs. Make another recording.`,
    );
  const present = await qemuVersion();
  if (present !== qemu)
    throw new RecordingUnusableError(
      `The recording was made with "${qemu}", and this is "${present}": only the same version executes the same instructions. Make another recording.`,
    );
}
