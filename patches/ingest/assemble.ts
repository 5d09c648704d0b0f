import type { Message } from '../mail/message.ts';
import { readable } from '../mail/message.ts';
import { decodeCharset } from '../mail/transfer.ts';
import { DamagedPatchError } from '../parse.ts';
import { printable } from '../printable.ts';
import { parseSafely } from '../safety.ts';
import type { CandidateFile, Provenance } from '../schema.ts';
import { type Composed, composeDiff, composeMail } from './compose.ts';
import { type Digest, slug } from './digest.ts';
import { type Examined, examine } from './examine.ts';
import { type FoundDiff, tidied } from './found.ts';
import { loadMail } from './mbox.ts';
import type { Plan } from './plan.ts';
import { isKernelPath } from './project.ts';
import { rescue, type Target } from './rescue.ts';
import { isWhole, pathOf, type Section } from './sections.ts';
import { trailersIn } from './trailers.ts';

/** A candidate's directory before it is written. */
export interface Assembled {
  readonly name: string;
  readonly file: CandidateFile;
  /** By file name, in the order in which they apply. */
  readonly patches: ReadonlyMap<string, Uint8Array>;
  readonly sections: readonly Section[];
}

/**
 * Reads a plan's mails once more and makes its candidate.
 *
 * @param target the tree that a damaged diff is repaired after, when there is one
 * @throws UnsafePatchError for a patch that must not be applied anywhere, DamagedPatchError for one that nobody can read.
 */
export async function assemble(plan: Plan, target: Target | undefined): Promise<Assembled> {
  const patches = new Map<string, Uint8Array>();
  const notes = [...plan.notes, ...(plan.stack?.notes ?? [])];
  const texts: string[] = [];
  const all: Section[] = [];
  for (const [index, piece] of plan.pieces.entries()) {
    const found = await examined(piece.mail);
    const diff = found.patch?.diff ?? found.diffs[piece.diff.index];
    if (diff === undefined) throw new Error(`${piece.mail.ref.where} changed while it was read.`);
    const rescued = target ? await rescue(diff, target, [...patches]) : undefined;
    if (!diff.whole && target && rescued === undefined) throw notRepaired(piece.mail, diff, target);
    const sections = rescued?.sections ?? diff.sections;
    const composed = found.patch
      ? composeMail(found.message, found.patch, sections)
      : composeDiff(found.message, diff, sections, plan.title);
    const name = `${String(index + 1).padStart(4, '0')}-${slug(found.message.subject.title) || slug(plan.title) || 'patch'}.patch`;
    patches.set(name, checked(name, composed));
    notes.push(
      ...[...damageNotes(diff, rescued !== undefined), ...(rescued?.notes ?? []), ...composed.notes].map(
        (note) => perPatch(plan, name, note),
      ),
    );
    const charset = found.message.parts[0]?.charset ?? '';
    texts.push(decodeCharset(found.patch ? found.patch.before + found.patch.after : diff.words, charset));
    all.push(...sections);
  }
  const cover = plan.cover === undefined ? undefined : (await examined(plan.cover)).message;
  const texted = [...(cover ? [coverText(cover)] : []), ...texts];
  if (!all.some((section) => isKernelPath(pathOf(section))))
    notes.push('none of its files lies where a kernel has files: it is for another project');
  return {
    name: plan.name,
    file: describe(plan, { patches, notes, texts: texted, cover }),
    patches,
    sections: all,
  };
}

function notRepaired({ ref }: Digest, { sections }: FoundDiff, target: Target): DamagedPatchError {
  const broken = sections.find((section) => !isWhole(section));
  const hunk = broken?.hunks.find(({ whole }) => !whole);
  const place = broken ? `${pathOf(broken)}${hunk ? `, ${hunk.header.split(' @@', 1)[0]} @@` : ''}` : '';
  return new DamagedPatchError(
    `${ref.where}: ${printable(place)} has fewer or other lines than it says, and there is not just one repair that fits ${target.name}. Get the message as raw text.`,
  );
}

/** What is left of the damage: a repair after the tree makes the guesses void. */
const damageNotes = ({ damage }: FoundDiff, rescued: boolean): string[] =>
  damage.filter(({ mended }) => mended || !rescued).map(({ note }) => note);

const perPatch = (plan: Plan, name: string, note: string): string =>
  plan.pieces.length > 1 ? `${name}: ${note}` : note;

function checked(name: string, { bytes }: Composed): Uint8Array {
  parseSafely(name, bytes);
  return bytes;
}

async function examined(mail: Digest): Promise<Examined> {
  const found = examine(await loadMail(mail.ref))[mail.index];
  if (found === undefined) throw new Error(`${mail.ref.where} changed while it was read.`);
  return found;
}

const coverText = (cover: Message): string => cover.parts.map(readable).join('\n');

interface Parts {
  readonly patches: ReadonlyMap<string, Uint8Array>;
  readonly notes: readonly string[];
  /** The cover letter first, then what stands round the diffs. */
  readonly texts: readonly string[];
  readonly cover: Message | undefined;
}

function describe(plan: Plan, { patches, notes, texts, cover }: Parts): CandidateFile {
  const [first] = plan.pieces;
  const head: Message | Digest | undefined = cover ?? first?.mail;
  const trailers = trailersIn(texts);
  const date = plan.pieces.reduce(
    (latest, { mail }) => Math.max(latest, mail.date?.getTime() ?? 0),
    cover?.date?.getTime() ?? 0,
  );
  const author =
    (plan.pieces.length === 1 && cover === undefined ? authorIn(texts[0] ?? '') : '') || head?.author;
  const source: Provenance = {
    ...(author && !first?.diff.depth ? { author: printable(author) } : {}),
    ...(date > 0 ? { date: new Date(date).toISOString() } : {}),
    ...(head?.id ? { messageId: printable(head.id) } : {}),
    ...(plan.kind === 'series' ? { version: plan.version } : {}),
    ...(first?.diff.label === undefined ? {} : { label: first.diff.label }),
    ...(plan.kind === 'diff' ? { quoteDepth: first?.diff.depth ?? 0 } : {}),
    ...baseOf(plan, trailers.baseCommit),
    ...(trailers.changeId === undefined ? {} : { changeId: trailers.changeId }),
    ...(trailers.fixes.length > 0 ? { fixes: [...trailers.fixes] } : {}),
    ...(trailers.links.length > 0 ? { links: [...trailers.links] } : {}),
    ...(notes.length > 0 ? { notes: [...notes] } : {}),
  };
  const description = cover === undefined && plan.pieces.length > 1 ? '' : descriptionOf(texts[0] ?? '');
  return {
    title: printable(plan.title).trim() || plan.name,
    origin:
      plan.stack?.origin ?? (head?.id ? `<${printable(head.id)}>` : (first?.mail.ref.where ?? plan.name)),
    kind: 'patch',
    trees: plan.stack?.tree === undefined ? [] : [plan.stack.tree],
    patches: [...patches.keys()],
    ...(description === '' ? {} : { description }),
    ...(Object.keys(source).length > 0 ? { source } : {}),
  };
}

/** Who wrote a patch that somebody else sent: `From:` on the message's first line, as git am reads it. */
const authorIn = (text: string): string => /^\s*From: ([^\n]*<[^<>\n]+>)\s*\n/.exec(text)?.[1] ?? '';

function baseOf(plan: Plan, named: string | undefined): { baseCommit?: string } {
  const baseCommit = plan.stack?.baseCommit ?? named;
  return baseCommit === undefined ? {} : { baseCommit };
}

/** A description longer than this is for the mail itself. */
const longestDescription = 16 * 1024;

/** The words without the signature, and without what stands below a message's `---`. */
function descriptionOf(text: string): string {
  const words = text.replace(/^---\n[^]*$/m, '').replace(/^-- \n[^]*$/m, '');
  const lines = words.split('\n').map((line) => printable(line.trimEnd()));
  return tidied(lines.join('\n')).slice(0, longestDescription);
}
