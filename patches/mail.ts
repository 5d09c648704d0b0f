import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runGit } from './git.ts';
import { printable } from './printable.ts';

/** The header block of a mail or of a git format-patch file, or undefined when the text does not begin with one. */
function headerBlock(text: string): string | undefined {
  const end = text.search(/\r?\n\r?\n/);
  const head = end === -1 ? text : text.slice(0, end);
  return /^(?:From [^\n]*\n)?(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*(?:\n[ \t][^\n]*)*\n?)+$/.test(
    head.replaceAll('\r', ''),
  )
    ? head.replaceAll('\r', '')
    : undefined;
}

const encoded =
  /^(?:Content-Transfer-Encoding:\s*(?:quoted-printable|base64)\s*$|Content-Type:\s*multipart\/)/im;

/** The subject of a mail without its `[PATCH v2 1/3]`, unfolded; undefined when there is none. */
export function subjectOf(bytes: Uint8Array): string | undefined {
  const head = headerBlock(Buffer.from(bytes.subarray(0, 64 * 1024)).toString('utf8'));
  const subject = /^Subject:((?:.*)(?:\n[ \t].*)*)/im.exec(head ?? '')?.[1];
  if (subject === undefined) return undefined;
  const bare = subject.replaceAll(/\s+/g, ' ').replace(/^ ?(?:Re: ?)*(?:\[[^\]]*\] ?)*/i, '');
  return printable(bare.trim()) || undefined;
}

/**
 * A mail whose text is transfer-encoded or one of several parts (RFC 2045), decoded by
 * `git mailinfo`: its author and subject, the message, the diff. Any other bytes as they are.
 */
export async function decodeMail(bytes: Uint8Array): Promise<Uint8Array> {
  const head = headerBlock(Buffer.from(bytes.subarray(0, 64 * 1024)).toString('latin1'));
  if (!encoded.test(head ?? '')) return bytes;
  const dir = await mkdtemp(path.join(tmpdir(), 'ringtrial-mail-'));
  try {
    const { exitCode, stdout } = await runGit({
      cwd: dir,
      args: ['mailinfo', 'message', 'diff'],
      input: bytes,
    });
    if (exitCode !== 0) return bytes;
    const parts = [await readFile(path.join(dir, 'message')), await readFile(path.join(dir, 'diff'))];
    return Buffer.concat([Buffer.from(`${stdout.trim()}\n\n`), ...parts]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
