import { RingtrialError } from '../common/errors.ts';
import { type FileDiff, type ParsedPatch, parsePatchFile } from './parse.ts';

/** A patch that would write where it has no business, or that nobody can read. */
export class UnsafePatchError extends RingtrialError {
  readonly code = 'UNSAFE_PATCH';
}

/** The largest series in the kernel's history are far smaller; what is larger is not for a person to read. */
export const maxPatchBytes = 16 * 1024 * 1024;

const regularModes = new Set(['100644', '100755']);

/**
 * Parses a patch, or refuses it with the reason when it must not be applied to any tree.
 * Git refuses some of this by itself; it is checked here so that the reason is clear and does not
 * depend on git's version.
 *
 * @throws UnsafePatchError, and what parsePatchFile throws.
 */
export function parseSafely(name: string, bytes: Uint8Array): ParsedPatch {
  const refuse = (reason: string | undefined): void => {
    if (reason !== undefined) throw new UnsafePatchError(`${name} is refused: ${reason}.`);
  };
  refuse(unsafeBytes(bytes));
  const parsed = parsePatchFile(name, bytes);
  for (const file of parsed.files) refuse(unsafeFile(file));
  return parsed;
}

function unsafeBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length > maxPatchBytes) {
    const size = (bytes.length / 1024 / 1024).toFixed(1);
    return `it is ${size} MiB large; the limit is ${maxPatchBytes / 1024 / 1024} MiB`;
  }
  const nul = bytes.indexOf(0);
  return nul === -1 ? undefined : `it has a NUL byte at offset ${nul}, so it is no text`;
}

function unsafeFile(file: FileDiff): string | undefined {
  const paths = touchedPaths(file);
  if (paths.length === 0) return 'one of its diffs names no file';
  for (const path of paths) {
    const reason = unsafePath(path);
    if (reason !== undefined) return `it names ${JSON.stringify(path)}, ${reason}`;
  }
  const name = paths[0];
  if (file.binary) return `it changes ${name} as a binary file`;
  if (file.modes.includes('120000')) return `it makes or changes the symbolic link ${name}`;
  if (file.modes.includes('160000')) return `it makes or changes the submodule ${name}`;
  const odd = file.modes.find((mode) => !regularModes.has(mode));
  return odd === undefined
    ? undefined
    : `it gives ${name} the mode ${odd}; only 100644 and 100755 are allowed`;
}

/** Why a path must not be written to, or undefined. */
export function unsafePath(path: string): string | undefined {
  if (path.startsWith('/')) return 'an absolute path';
  const parts = path.split('/');
  if (parts.includes('..')) return 'a path that leads out of the tree';
  if (parts.some((part) => part === '' || part === '.')) return 'a path with an empty component';
  if (parts.some((part) => part.toLowerCase() === '.git')) return "a path inside git's own directory";
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'a path with control characters';
  return undefined;
}

/** The paths a diff reads or writes, each once. */
export function touchedPaths(file: FileDiff): string[] {
  return [...new Set([file.oldPath, file.newPath])].filter((path) => path !== null);
}
