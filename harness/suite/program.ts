import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Policy } from '../policy-schema.ts';
import type { ProgramDescription } from './schema.ts';

/** A program of a suite, compiled for the guest. */
export interface Program extends Omit<ProgramDescription, 'source'> {
  /** A static executable. */
  readonly path: string;
  readonly sha256: string;
  /** The names of its test points, in order, as its `--list` prints them; its own name where an exit code is all it tells. */
  readonly points: string[];
}

export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly programs: readonly Program[];
  /** A shell command for a booted guest, before its first program: mounts, devices. */
  readonly prepare?: string | undefined;
  /** Which behaviours are failures on which kernels. */
  readonly policy?: Policy | undefined;
  /** What somebody who runs it should know, e.g. which programs did not compile. */
  readonly notices?: readonly string[] | undefined;
}

/** Of a file's content, in hex. */
export const sha256Of = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

/** A test point's name in verdicts: `PROGRAM.POINT`, or the program's where it is one point by itself. */
export const fullName = ({ name, protocol }: Pick<Program, 'name' | 'protocol'>, point: string): string =>
  protocol === 'exit-code' ? name : `${name}.${point}`;
