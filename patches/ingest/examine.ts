import { type Message, readMessage } from '../mail/message.ts';
import type { TextPart } from '../mail/mime.ts';
import { diffsIn, type FoundDiff, patchIn } from './found.ts';

/** What a message is for us. */
export type Kind =
  /** The whole message is one patch, as git am takes it. */
  | 'patch'
  /** Part 0 of a series: words alone. */
  | 'cover'
  /** Words that may have diffs between them. */
  | 'discussion';

/** The text round a patch's diff. */
export interface PatchText {
  readonly diff: FoundDiff;
  readonly before: string;
  readonly after: string;
}

export interface Examined {
  readonly message: Message;
  readonly kind: Kind;
  readonly patch?: PatchText;
  /** In the order of their depth and their place; empty unless it is a discussion. */
  readonly diffs: readonly FoundDiff[];
}

/** Says what a message and those attached to it hold. @param raw bytes as characters (latin1) */
export function examine(raw: string): Examined[] {
  return readMessage(raw).map(examineOne);
}

function examineOne(message: Message): Examined {
  const { subject, isMail, parts } = message;
  const nothing = { message, diffs: [] };
  if (isMail && !subject.reply && subject.part === 0) return { ...nothing, kind: 'cover' };
  const patch = subject.reply ? undefined : patchOf(parts);
  const numbered = patch === undefined || subject.patch ? [] : labels(parts);
  if (patch !== undefined && numbered.length < 2) return { ...nothing, kind: 'patch', patch };
  return {
    ...nothing,
    kind: 'discussion',
    diffs: parts.flatMap((part) => (mayHaveDiff(part) ? diffsIn(part) : [])),
  };
}

/** A cheap look before the careful one: most of a list's mail has no diff. */
const mayHaveDiff = ({ text }: TextPart): boolean => text.includes('diff --git ') || text.includes('@@ -');

const labels = (parts: readonly TextPart[]): string[] =>
  parts.flatMap((part) =>
    diffsIn(part).flatMap(({ label, depth }) => (label !== undefined && depth === 0 ? [label] : [])),
  );

/** The parts together, as git mailinfo joins them: words in one, the diff in another is common. */
function patchOf(parts: readonly TextPart[]): PatchText | undefined {
  let before = '';
  let after = '';
  let whole: FoundDiff | undefined;
  for (const part of parts) {
    const own = mayHaveDiff(part) ? patchIn(part) : undefined;
    if (own === undefined) {
      if (whole === undefined) before += part.text;
      else after += part.text;
      continue;
    }
    before += own.frame.before;
    after += own.frame.after;
    whole = whole === undefined ? own.diff : joined(whole, own.diff);
  }
  return whole && { diff: whole, before, after };
}

const joined = (one: FoundDiff, other: FoundDiff): FoundDiff => ({
  ...one,
  sections: [...one.sections, ...other.sections],
  whole: one.whole && other.whole,
  damage: [...one.damage, ...other.damage],
  keys: [...one.keys, ...other.keys],
});
