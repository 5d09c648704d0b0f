import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import { directory, file } from '../../vm/image/cpio.ts';
import { guestImage, writeInitrd } from '../../vm/image/image.ts';
import { type Kernel, loadProfile, type Profile } from '../../vm/kernel/index.ts';
import { guestCommandLine } from '../../vm/qemu/args.ts';
import { qemuVersion, RecordedGuest } from '../../vm/qemu/recorded.ts';
import { findKernel } from '../find-kernel.ts';
import { runsRoot, stamp } from '../run-directory.ts';
import { preemptionOf } from '../schedules/means.ts';
import { SeededRandom } from '../schedules/random.ts';
import type { PreemptionModel } from '../schedules/schedule.ts';
import { secondsSince } from '../seconds.ts';
import { sha256Of } from '../suite/program.ts';
import { loadSuite, onlyPrograms, type Program, type Suite } from '../suite.ts';
import { aloneScript } from './alone.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { logFile, type Recording, recordingFile, recordingPlace, recordingSchema } from './recording.ts';

/** Nothing failed while it was recorded, so there is nothing to run again. */
export class NothingRecordedError extends RingtrialError {
  readonly code = 'NOTHING_RECORDED';
  override readonly exitCode = ExitCode.inconclusive;
}

/** A recording is there already; or what is to be recorded does not exist. */
export class RecordingRefusedError extends RingtrialError {
  readonly code = 'RECORDING_REFUSED';
}

export interface RecordOptions {
  /** A run directory, `DIR:base`, or the beginning of a built kernel's hash. */
  readonly run: string;
  /** `PROGRAM` of the run's suite, or `PROGRAM.POINT`. */
  readonly test: string;
  /** How many runs there may be until one fails. */
  readonly attempts: number;
  /** The first run is kept, whether it fails or not. */
  readonly any?: boolean | undefined;
  /** By default `recordings/TEST` in the run directory. */
  readonly out?: string | undefined;
  readonly onNotice: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

interface Errand {
  readonly kernel: Kernel;
  readonly profile: Profile;
  readonly suite: Suite;
  readonly program: Program;
  readonly point: string | undefined;
  readonly target: string;
}

/**
 * Runs one test in guests with one processor and counted instructions, under one timing after another, until it
 * fails, and keeps everything that it takes to have exactly that run again.
 *
 * @throws NothingRecordedError, RecordingRefusedError, UnknownKernelError, SuiteError, QemuMissingError
 */
export async function record(options: RecordOptions): Promise<Recording> {
  const errand = await prepare(options);
  // Beside its place, so that it takes it whole or not at all.
  const partial = `${errand.target}.partial-${process.pid}`;
  try {
    for (let attempt = 1; attempt <= options.attempts; attempt++) {
      await rm(partial, { recursive: true, force: true });
      const recording = await recordOnce(errand, partial, { attempt, options });
      const { result, icountShift, seconds } = recording;
      const words = [result, ...recording.text].slice(0, 2).join(': ');
      options.onNotice(`run ${attempt}, icount shift=${icountShift}: ${words} (${seconds.toFixed(0)} s)`);
      if (result !== 'failed' && !options.any) continue;
      await rename(partial, errand.target);
      return recording;
    }
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  throw new NothingRecordedError(
    `${options.test} failed in none of ${options.attempts} recorded runs. A recorded guest has one processor: what needs two of them at the same moment does not show. --attempts N tries more often, --any keeps a run that passes.`,
  );
}

async function prepare({ run, test, out, signal }: RecordOptions): Promise<Errand> {
  const { kernel, suite: name } = await findKernel(run);
  const whole = await loadSuite(name, signal, { kernel: kernel.version });
  const [programName = '', ...rest] = test.split('.');
  const [program] = onlyPrograms(whole, [programName]).programs as [Program];
  const point = rest.length === 0 ? undefined : rest.join('.');
  if (point !== undefined && !program.points.includes(point))
    throw new RecordingRefusedError(
      `${programName} has no test point "${point}". It has: ${program.points.join(', ')}`,
    );
  const target = path.resolve(out ?? (await usualPlace(run, test)));
  if (await exists(target))
    throw new RecordingRefusedError(
      `${target} exists already. Replay it with: ringtrial replay ${target}\nName another place with --out, or remove it.`,
    );
  await mkdir(path.dirname(target), { recursive: true });
  return { kernel, profile: await loadProfile(kernel.profile), suite: whole, program, point, target };
}

/** In the run's directory, or among the runs where a kernel alone was named. */
async function usualPlace(run: string, test: string): Promise<string> {
  const directory = run.replace(/:(base|candidate)$/, '');
  if (await exists(path.join(directory, 'verdict.json'))) return recordingPlace(run, test);
  return path.join(runsRoot(), `${stamp()}-recording-${test}`);
}

interface Attempt {
  readonly attempt: number;
  readonly options: RecordOptions;
}

async function recordOnce(
  errand: Errand,
  place: string,
  { attempt, options: { attempts, signal } }: Attempt,
): Promise<Recording> {
  const started = Date.now();
  const { kernel, profile, suite, program, point } = errand;
  const timing = timingOf(attempt, preemptionOf(await readFile(kernel.config, 'utf8')));
  const commandLine = guestCommandLine([profile.commandLine, ...timing.words].join(' '));
  await mkdir(place, { mode: 0o700 });
  await writeErrand(errand, path.join(place, 'initrd'), signal);
  const seen = await runOnce(errand, place, { icountShift: timing.icountShift, commandLine, signal });
  const console = await readFile(path.join(place, 'console.log'));
  const recording = recordingSchema.parse({
    schema: 'ringtrial.recording/1',
    suite: suite.name,
    program: program.name,
    ...(point === undefined ? {} : { point }),
    kernel: {
      hash: kernel.hash,
      version: kernel.version,
      vmlinux: kernel.vmlinux,
      sha256: await sha256Of(kernel.vmlinux),
    },
    qemu: await qemuVersion(),
    memoryMiB: profile.memoryMiB,
    icountShift: timing.icountShift,
    commandLine,
    ...worded(seen.whole ? outcomeOf(console) : { result: 'unknown', text: ['QEMU did not end by itself'] }),
    attempt,
    attempts,
    begin: seen.begin ?? null,
    end: seen.end ?? null,
    console: { bytes: console.length, sha256: createHash('sha256').update(console).digest('hex') },
    directory: errand.target,
    recordedAt: new Date(started).toISOString(),
    seconds: secondsSince(started),
  });
  await writeFile(path.join(place, recordingFile), `${JSON.stringify(recording, null, 2)}\n`);
  return recording;
}

const worded = ({ result, text }: Outcome): { result: string; text: string[] } => ({
  result,
  text: [...text],
});

/** Chance is the same for everybody: attempt 3 has the same timing wherever it is made. */
function timingOf(
  attempt: number,
  models: readonly PreemptionModel[],
): { readonly icountShift: number; readonly words: readonly string[] } {
  const random = new SeededRandom(`record/${attempt}`);
  const model = models[(attempt - 1) % Math.max(1, models.length)];
  return { icountShift: random.between(0, 4), words: model === undefined ? [] : [`preempt=${model}`] };
}

/** An initrd of the image with the test and nothing that chance decides: no keys. */
async function writeErrand(errand: Errand, target: string, signal?: AbortSignal): Promise<void> {
  const { program, profile } = errand;
  const script = aloneScript({
    ...errand,
    deadlineSeconds: program.deadlineSeconds * profile.timeScale,
    timeScale: profile.timeScale,
  });
  const extra = [
    directory('tests'),
    file(`tests/${program.name}`, await readFile(program.path), 0o755),
    file('alone', Buffer.from(script), 0o755),
  ];
  await writeInitrd(await guestImage(signal), extra, target);
}

interface Timing {
  readonly icountShift: number;
  readonly commandLine: string;
  readonly signal: AbortSignal | undefined;
}

interface Seen {
  /** Whether QEMU came to its end by itself: else its log is not whole. */
  readonly whole: boolean;
  readonly begin: number | undefined;
  readonly end: number | undefined;
}

/** An emulated guest that is busy on every instruction needs so many times the seconds of its own clock. */
const patience = 10;
const bootSeconds = 120;
/** From the program's end to QEMU's. */
const endSeconds = 60;

async function runOnce({ kernel, profile, program }: Errand, place: string, timing: Timing): Promise<Seen> {
  const { icountShift, commandLine, signal } = timing;
  await using guest = await RecordedGuest.start({
    shape: { machine: 'microvm', accelerator: 'tcg', vcpus: 1, memoryMiB: profile.memoryMiB, icountShift },
    vmlinux: kernel.vmlinux,
    initrd: 'initrd',
    commandLine,
    directory: place,
    log: { mode: 'record', file: logFile },
  });
  // However it ends: an abort takes the guest away, and then nothing of this waits any longer.
  using stack = new DisposableStack();
  const abort = (): void => void guest.process.kill();
  signal?.addEventListener('abort', abort, { once: true });
  stack.defer(() => signal?.removeEventListener('abort', abort));
  const deadlineMs = (bootSeconds + program.deadlineSeconds * profile.timeScale * patience) * 1000;
  const ready = await guest.follow('ringtrial: READY', deadlineMs);
  const begin = ready ? await guest.instructions() : undefined;
  // Asked while the guest sleeps: one that is going down may not answer, and never end (QEMU 7.2).
  const ended = await guest.follow(`end of ${program.name}`, deadlineMs);
  const end = ended ? await guest.instructions() : undefined;
  // A guest that froze does not end, and a log that is not ended cannot be read.
  if (!(await ends(guest))) await guest.quit();
  if (!(await ends(guest))) await guest.process.kill();
  signal?.throwIfAborted();
  return { whole: guest.process.exit?.signal === null, begin, end };
}

/** Whether QEMU comes to its end soon. */
async function ends(guest: RecordedGuest): Promise<boolean> {
  await guest.follow(undefined, endSeconds * 1000);
  return guest.process.exit !== undefined;
}

const exists = (name: string): Promise<boolean> =>
  access(name).then(
    () => true,
    () => false,
  );
