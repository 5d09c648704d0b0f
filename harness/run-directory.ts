import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { ExitCode, RingtrialError } from '../common/errors.ts';
import { replaceFile } from '../common/replace-file.ts';
import type { TrialEvent } from './events.ts';
import type { Verdict } from './verdict.ts';

/** The run directory cannot be made or written. */
export class RunDirectoryError extends RingtrialError {
  readonly code = 'RUN_DIRECTORY';
  override readonly exitCode = ExitCode.inconclusive;
}

/** The directory that was named for a run is there already. */
export class RunExistsError extends RingtrialError {
  readonly code = 'RUN_EXISTS';
}

/** Runs are evidence, not cache: `$XDG_STATE_HOME/ringtrial/runs`, by default `~/.local/state/…`. */
export const runsRoot = (): string =>
  path.join(process.env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'), 'ringtrial', 'runs');

/**
 * Everything one trial leaves behind. Events go to events.ndjson one by one and at once, so that a
 * run that is killed tells how far it came.
 */
export class RunDirectory {
  readonly path: string;

  /** @throws RunExistsError, RunDirectoryError */
  constructor(candidate: string, wanted?: string) {
    this.path = path.resolve(wanted ?? path.join(runsRoot(), `${stamp()}-${candidate.replaceAll('/', '-')}`));
    try {
      mkdirSync(path.dirname(this.path), { recursive: true });
      mkdirSync(this.path, { mode: 0o700 });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new RunExistsError(
          `${this.path} exists already. A run never writes over another one: name a directory that does not exist.`,
        );
      }
      const reason = (cause as Error).message;
      throw new RunDirectoryError(`The run directory ${this.path} cannot be created: ${reason}`, { cause });
    }
  }

  record(event: TrialEvent): void {
    const line = `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`;
    try {
      appendFileSync(path.join(this.path, 'events.ndjson'), line);
    } catch {
      // A full disk ends no trial: the verdict still goes to standard output.
    }
  }

  /**
   * A verdict is there as a whole or not at all, and what is there survives a power loss.
   *
   * @throws RunDirectoryError
   */
  writeVerdict(verdict: Verdict): void {
    this.#attempt('verdict.json', (file) => replaceFile(file, `${JSON.stringify(verdict, null, 2)}\n`));
  }

  /**
   * @param name may lie in a directory that does not exist yet
   * @throws RunDirectoryError
   */
  write(name: string, content: string | Uint8Array, mode = 0o644): void {
    this.#attempt(name, (file) => writeFileSync(file, content, { mode }));
  }

  #attempt(name: string, write: (file: string) => void): void {
    const file = path.join(this.path, name);
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      write(file);
    } catch (cause) {
      throw new RunDirectoryError(`${file} cannot be written: ${(cause as Error).message}`, { cause });
    }
  }
}

/** Local time to the millisecond, sortable and safe in a file name. */
export function stamp(now = new Date()): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().replaceAll(/[:.]/g, '').replace('T', '-').replace('Z', '');
}
