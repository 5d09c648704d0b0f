import { parsePatch, type StructuredPatch } from 'diff';
import { RingtrialError } from '../common/errors.ts';
import { cutDiffs } from './cut.ts';

/** One hunk. `lines` keep their first character: ` `, `-`, `+` or `\`. Line numbers start at 1. */
export interface Hunk {
  /** The line as it stands in the patch, with the function's name behind the second `@@`. */
  readonly header: string;
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

/** What a patch does to one file. A path is null where the patch says /dev/null. */
export interface FileDiff {
  readonly oldPath: string | null;
  readonly newPath: string | null;
  /** Every file mode that the headers name, as octal text: `100644`, `120000`, ... */
  readonly modes: readonly string[];
  readonly binary: boolean;
  readonly hunks: readonly Hunk[];
}

export interface ParsedPatch {
  readonly files: readonly FileDiff[];
  /** The diffs alone, without the mail round them, as `git apply -p<strip>` shall read them. */
  readonly diff: Uint8Array;
  /** Leading path components to drop: 1, or 0 for `git diff --no-prefix`. */
  readonly strip: 0 | 1;
}

export class EmptyPatchError extends RingtrialError {
  readonly code = 'EMPTY_PATCH';
}

export class DamagedPatchError extends RingtrialError {
  readonly code = 'DAMAGED_PATCH';
}

/**
 * Reads the diffs out of a patch file or a plain-text mail, in git's extended format (git-diff(1),
 * "Generating patch text with -p") or the traditional unified one.
 *
 * @throws EmptyPatchError when there is no diff in it, DamagedPatchError when a hunk has fewer or
 * other lines than its header promises.
 */
export function parsePatchFile(name: string, bytes: Uint8Array): ParsedPatch {
  // latin1 maps every byte to one character and back: what is cut here stays byte for byte the same.
  const cut = cutDiffs(Buffer.from(bytes).toString('latin1'));
  if ('damage' in cut) {
    throw new DamagedPatchError(
      `${name}, line ${cut.line}: ${cut.damage}. Mail software may have wrapped a line, or the patch was edited by hand; save the message as raw text, or make the patch again with git format-patch.`,
    );
  }
  if (cut.sections.length === 0) {
    throw new EmptyPatchError(
      `${name} contains no diff. Give a file made by git format-patch or git diff, or a mail with one in its text.`,
    );
  }
  const raw = cut.sections.map((section) =>
    structured(name, Buffer.from(section, 'latin1').toString('utf8')),
  );
  const strip = raw.some(
    ({ patch }) => patch.oldFileName !== '/dev/null' && patch.oldFileName === patch.newFileName,
  )
    ? 0
    : 1;
  return {
    files: raw.map(({ patch, text }) => fileDiff(patch, text, strip)),
    diff: Buffer.from(cut.sections.join(''), 'latin1'),
    strip,
  };
}

function structured(name: string, text: string): { patch: StructuredPatch; text: string } {
  try {
    const [patch] = parsePatch(text);
    if (patch !== undefined) return { patch, text };
  } catch (cause) {
    throw new DamagedPatchError(`${name}: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
    });
  }
  throw new DamagedPatchError(`${name}: a diff header that names no file.`);
}

function fileDiff(patch: StructuredPatch, text: string, strip: 0 | 1): FileDiff {
  const headers = text.split('\n').filter((line) => line.startsWith('@@ '));
  const head = text.split(/^@@ /m, 1)[0] ?? '';
  const modes = [...head.matchAll(/^(?:(?:old|new|new file|deleted file) mode|index \S+\.\.\S+) (\d+)$/gm)];
  return {
    oldPath: patch.isCreate ? null : stripped(patch.oldFileName, strip),
    newPath: patch.isDelete ? null : stripped(patch.newFileName, strip),
    modes: modes.map((match) => match[1] ?? ''),
    binary: /^(?:GIT binary patch|Binary files .* differ)$/m.test(head),
    hunks: patch.hunks.map((hunk, index) => ({
      header: headers[index] ?? '',
      oldStart: hunk.oldStart,
      newStart: hunk.newStart,
      // Some mailers drop the blank of an empty context line; git apply takes it as one all the same.
      lines: hunk.lines.map((line) => (line === '' ? ' ' : line)),
    })),
  };
}

/** Absolute paths keep their slash, so that they can be refused instead of being made relative. */
function stripped(file: string | undefined, strip: 0 | 1): string | null {
  if (file === undefined || file === '/dev/null') return null;
  if (strip === 0 || file.startsWith('/')) return file;
  return file.slice(file.indexOf('/') + 1);
}

/** The lines a hunk looks for in the file: context and removed ones, without their first character. */
export const oldLines = (hunk: Hunk): string[] =>
  hunk.lines.filter((line) => line[0] === ' ' || line[0] === '-').map((line) => line.slice(1));

/** The lines a hunk leaves behind: context and added ones, without their first character. */
export const newLines = (hunk: Hunk): string[] =>
  hunk.lines.filter((line) => line[0] === ' ' || line[0] === '+').map((line) => line.slice(1));
