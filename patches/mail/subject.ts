/** What the brackets and prefixes of a subject say, as git format-patch and people write them. */
export interface Subject {
  /** Without `Re:` and brackets, in one line. */
  readonly title: string;
  readonly reply: boolean;
  /** Whether a bracket says PATCH, RFC or the like. */
  readonly patch: boolean;
  /** `[PATCH v3 …]`; 1 when it is not said. */
  readonly version: number;
  /** `[PATCH 2/5]`: 2 of 5; a cover letter is part 0. */
  readonly part?: number;
  readonly total?: number;
  /** The other words in brackets: `RFC`, `liburing`, `for-next`, … in lower case, sorted. */
  readonly words: readonly string[];
}

const replyPrefix = /^(?:re|aw|antw|sv|vs|fwd?|wg)(?:\[\d+\])?\s*:\s*/i;
const bracket = /^\[([^\]]*)\]\s*/;

/** Reads a subject; `[PATCH v2 1/3]`, `[PATCHv2 1/3]`, `[RFC][PATCH 1/3]` and `[PATCHSET 0/3]` are all in use. */
export function parseSubject(text: string): Subject {
  let rest = text.replaceAll(/\s+/g, ' ').trim();
  let reply = false;
  const tokens: string[] = [];
  for (;;) {
    const prefix = replyPrefix.exec(rest);
    const group = bracket.exec(rest);
    if (prefix) reply = true;
    else if (group) tokens.push(...(group[1] ?? '').split(/[\s,]+/));
    else break;
    rest = rest.slice((prefix ?? group)?.[0].length);
  }
  return { title: rest, reply, ...tagged(tokens.filter((token) => token !== '')) };
}

function tagged(tokens: readonly string[]): Omit<Subject, 'title' | 'reply'> {
  let version = 1;
  let patch = false;
  let count: { part: number; total: number } | undefined;
  const words = new Set<string>();
  for (const token of tokens) {
    const tag = /^(?:patch(?:es|set)?|rfc)(?:v(\d+))?$/i.exec(token);
    const parts = /^(\d+)\/(\d+)$/.exec(token);
    const revision = tag?.[1] ?? /^v(\d+)$/i.exec(token)?.[1];
    if (tag) patch = true;
    if (revision !== undefined) version = Number(revision);
    if (parts) count = { part: Number(parts[1]), total: Number(parts[2]) };
    if (!parts && (!tag || /^rfc/i.test(token)) && !/^(?:v\d+|resend)$/i.test(token)) {
      words.add(token.toLowerCase().replace(/v\d+$/, ''));
    }
  }
  return { patch, version, words: [...words].toSorted(), ...count };
}
