import { UnsafePatchError } from '../safety.ts';
import { type Digest, digestOf, slug } from './digest.ts';
import { NothingToApplyError } from './errors.ts';
import { examine } from './examine.ts';
import type { IngestOptions } from './ingest.ts';
import type { Input, Stack } from './input.ts';
import { largestMail, loadMail, type MailRef } from './mbox.ts';
import { type Leftover, type Plan, type Planned, planMails } from './plan.ts';

/** What all inputs together hold. */
export interface Read {
  readonly planned: Planned;
  readonly refused: readonly Leftover[];
  readonly messages: number;
  /** What was passed over inside of messages. */
  readonly notes: readonly string[];
}

/**
 * Looks through every message, keeping nothing of it but what planning needs.
 *
 * @throws NothingToApplyError, UnsafePatchError when one file of a directory of patches is none.
 */
export async function readInputs(inputs: readonly Input[], options: IngestOptions): Promise<Read> {
  const mails: Digest[] = [];
  const plans: Plan[] = [];
  const refused: Leftover[] = [];
  const passedOver = new Set<string>();
  let messages = 0;
  for (const input of inputs) {
    const digests: Digest[] = [];
    const refs = input.kind === 'mails' ? input.mails() : input.patches;
    for await (const ref of refs) {
      options.signal?.throwIfAborted();
      messages += 1;
      if (messages % 100 === 0) options.onProgress?.(messages);
      const { found, reason, notes } = await digestsOf(ref);
      for (const note of notes) passedOver.add(note);
      if (reason !== undefined && input.kind === 'stack')
        throw new UnsafePatchError(`${ref.where} of ${input.origin} is refused: ${reason}.`);
      if (reason !== undefined) refused.push({ title: ref.where, reason });
      digests.push(...found);
    }
    if (input.kind === 'stack' && !(input.mayBeNumbered && numbered(digests)))
      plans.push(stackPlan(input, digests));
    else mails.push(...(input.kind === 'stack' ? digests.map((digest) => inStack(digest, input)) : digests));
  }
  const planned = planMails(mails, {
    version: options.version,
    match: options.match,
    // Whoever gives one mail of a series means that one.
    incomplete: (options.incomplete ?? false) || messages === 1,
    rescue: options.tree !== undefined,
    fallbackName: inputs[0]?.name ?? 'patch',
  });
  return {
    planned: { ...planned, plans: [...plans, ...planned.plans] },
    refused,
    messages,
    notes: [...passedOver],
  };
}

interface Digested {
  readonly found: Digest[];
  readonly reason?: string;
  readonly notes: readonly string[];
}

async function digestsOf(ref: MailRef): Promise<Digested> {
  const size = ref.end - ref.start;
  const refused = (reason: string): Digested => ({ found: [], reason, notes: [] });
  if (size > largestMail)
    return refused(`it is one message of ${(size / 1024 / 1024).toFixed(0)} MiB; the limit is 16 MiB`);
  const raw = await loadMail(ref);
  const nul = raw.indexOf('\0');
  if (nul !== -1) return refused(`it has a NUL byte at offset ${nul}, so it is no text`);
  const messages = examine(raw);
  const found = messages.map((message, index) => digestOf(ref, index, message));
  return { found, notes: messages.flatMap(({ message }) => message.notes) };
}

/** What lies in one directory belongs together, also when no mail says so. */
const inStack = (digest: Digest, { origin }: Stack): Digest => ({ ...digest, directory: origin });

const numbered = (digests: readonly Digest[]): boolean =>
  digests.length > 0 && digests.every(({ subject }) => subject.part !== undefined);

/** @throws NothingToApplyError when one of the patches has no diff. */
function stackPlan(stack: Stack, digests: readonly Digest[]): Plan {
  const cover = digests.find(({ kind }) => kind === 'cover');
  const pieces = digests.flatMap((mail) => (mail.patch ? [{ mail, diff: mail.patch }] : []));
  const empty = digests.find(
    ({ patch, kind, index }) => patch === undefined && kind !== 'cover' && index === 0,
  );
  if (empty)
    throw new NothingToApplyError(`${empty.ref.where} of ${stack.origin} has no diff at its left margin.`);
  const own = pieces.length === 1 ? pieces[0]?.mail.subject.title : cover?.subject.title;
  const commit = pieces.length === 1 && stack.baseCommit !== undefined ? slug(own ?? '') : '';
  return {
    name: commit || slug(stack.name) || 'patch',
    title: stack.title ?? (own || stack.name),
    kind: 'stack',
    pieces,
    ...(cover === undefined ? {} : { cover }),
    version: 1,
    status: 'newest',
    stack,
    notes: [],
  };
}
