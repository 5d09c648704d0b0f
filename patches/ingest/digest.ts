import type { Message } from '../mail/message.ts';
import { printable } from '../printable.ts';
import type { Examined, Kind } from './examine.ts';
import type { FoundDiff } from './found.ts';
import type { MailRef } from './mbox.ts';

/** What is remembered of a diff while a whole archive is looked through: everything but its text. */
export interface DiffDigest extends Omit<FoundDiff, 'sections' | 'words'> {
  /** Which of the message's diffs it is. */
  readonly index: number;
}

/** What is remembered of a message. */
export interface Digest extends Pick<Message, 'id' | 'parents' | 'subject' | 'author' | 'isMail'> {
  readonly ref: MailRef;
  /** Which message: 0 for the one itself, others for what is attached. */
  readonly index: number;
  readonly date?: Date;
  /** The directory of patches that it lies in, which makes the others there its kin. */
  readonly directory?: string;
  readonly kind: Kind;
  readonly patch?: DiffDigest;
  readonly diffs: readonly DiffDigest[];
}

export function digestOf(ref: MailRef, index: number, { message, kind, patch, diffs }: Examined): Digest {
  const { id, parents, subject, author, isMail, date } = message;
  // A piece of a string keeps the whole string alive in V8; the copy lets go of the mail.
  return structuredClone({
    ...{ ref, index, id, parents, subject, isMail, kind },
    author: printable(author),
    ...(date === undefined ? {} : { date }),
    ...(patch === undefined ? {} : { patch: diffDigest(patch.diff, 0) }),
    diffs: diffs.map(diffDigest),
  });
}

const diffDigest = ({ sections: _, words: __, ...rest }: FoundDiff, index: number): DiffDigest => ({
  ...rest,
  index,
});

/** The address in `Name <address>`, in lower case. */
export const addressIn = (author: string): string =>
  (/<([^<>]*)>/.exec(author)?.[1] ?? author).trim().toLowerCase();

/** The name in `Name <address>`, or the address when there is none. */
export const nameIn = (author: string): string =>
  author.replace(/\s*<[^<>]*>\s*$/, '').trim() || addressIn(author);

/** A title as a directory's name: no subsystem in front, lower case, not too long. */
export function slug(title: string): string {
  const bare = title.replace(/^(?:[\w./-]+(?:, ?[\w./-]+)*: )+(?=\S)/, '');
  const words = bare
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (words.length <= longestSlug) return words;
  return words.slice(0, longestSlug + 1).replace(/-[^-]*$/, '');
}

const longestSlug = 48;
