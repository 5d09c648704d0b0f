import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ExitCode, RingtrialError } from '../../common/errors.ts';

/** There is no recording where one was looked for, or it cannot be read. */
export class NoRecordingError extends RingtrialError {
  readonly code = 'NO_RECORDING';
}

/** A recording that this machine cannot run again as it was. */
export class RecordingUnusableError extends RingtrialError {
  readonly code = 'RECORDING_UNUSABLE';
  override readonly exitCode = ExitCode.inconclusive;
}

/** recording.json beside instructions.log, initrd and console.log. The version rises when a field changes its meaning or goes. */
export const recordingSchema = z.object({
  schema: z.literal('ringtrial.recording/1'),
  suite: z.string(),
  program: z.string(),
  /** The one test point that was run. */
  point: z.string().optional(),
  kernel: z.object({
    hash: z.string(),
    version: z.string(),
    vmlinux: z.string(),
    /** Of vmlinux: a kernel that was built again must be the same to the byte. */
    sha256: z.string(),
  }),
  /** First line of `qemu-system-x86_64 --version`. */
  qemu: z.string(),
  memoryMiB: z.number().int(),
  /** An instruction took 2^shift ns of the guest's time. */
  icountShift: z.number().int(),
  /** All of the kernel's parameters. */
  commandLine: z.string(),
  result: z.enum(['failed', 'passed', 'unknown']),
  /** What failed. */
  text: z.array(z.string()),
  /** Which run it was, and how many there might have been. */
  attempt: z.number().int(),
  attempts: z.number().int(),
  /** Instructions executed when the program had not begun, and when it had ended; null: nobody knows. */
  begin: z.number().int().nullable(),
  end: z.number().int().nullable(),
  console: z.object({ bytes: z.number().int(), sha256: z.string() }),
  directory: z.string(),
  recordedAt: z.iso.datetime(),
  seconds: z.number(),
});

export type Recording = z.infer<typeof recordingSchema>;

export const recordingFile = 'recording.json';
export const logFile = 'instructions.log';

/** Where the recording of a run's test lies: `DIR`, or `DIR:base` for its other kernel. */
export function recordingPlace(run: string, test: string): string {
  const [, directory = run, side = 'candidate'] = /^(.*):(base|candidate)$/.exec(run) ?? [];
  return path.join(path.resolve(directory), 'recordings', side === 'base' ? `base-${test}` : test);
}

/**
 * Reads a recording by its directory, or as RUN:PROGRAM.
 *
 * @throws NoRecordingError saying how to make one
 */
export async function loadRecording(finding: string): Promise<Recording> {
  const named = /^(.+):([^:/]+)$/.exec(finding);
  const places = [path.resolve(finding), ...(named ? [recordingPlace(named[1] ?? '', named[2] ?? '')] : [])];
  for (const place of places) {
    const text = await readFile(path.join(place, recordingFile), 'utf8').catch(() => undefined);
    // A run directory may have been moved since.
    if (text !== undefined) return { ...parse(text, place), directory: place };
  }
  throw new NoRecordingError(
    named
      ? `${named[1]} has no recording of ${named[2]}. Make one with: ringtrial record ${named[1]} ${named[2]}`
      : `${finding} is no recording: it has no ${recordingFile}. 'ringtrial record RUN PROGRAM' makes one; name it as RUN:PROGRAM.`,
  );
}

function parse(text: string, place: string): Recording {
  try {
    return recordingSchema.parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new NoRecordingError(
      `${place}/${recordingFile} is damaged, or another version wrote it: ${reason}`,
      {
        cause,
      },
    );
  }
}
