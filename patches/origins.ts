import { diffArrays } from 'diff';

/** The files of a stage between two patches, by path. */
export type Snapshot = ReadonlyMap<string, { readonly content: Uint8Array; readonly executable: boolean }>;

const linesOf = (content: Uint8Array | undefined): string[] =>
  content === undefined ? [] : Buffer.from(content).toString('latin1').split('\n');

/** Remembers for every line of the touched files which patch brought it. */
export class LineOrigins {
  readonly #byPath = new Map<string, readonly (string | undefined)[]>();

  /** Takes over what `patch` made of `before`; `renamed` gives a new path's old one. */
  record(patch: string, before: Snapshot, after: Snapshot, renamed: ReadonlyMap<string, string>): void {
    const known = new Map(this.#byPath);
    for (const [path, { content }] of after) {
      const from = before.has(path) ? path : renamed.get(path);
      const old = from === undefined ? undefined : before.get(from);
      if (old && from === path && Buffer.compare(old.content, content) === 0) continue;
      const origins = from === undefined ? [] : (known.get(from) ?? []);
      this.#byPath.set(path, carried({ old: linesOf(old?.content), now: linesOf(content), origins, patch }));
    }
    for (const path of before.keys()) if (!after.has(path)) this.#byPath.delete(path);
  }

  /** The name of the patch that brought the line (from 1), or undefined for a line of the tree. */
  at(path: string, line: number): string | undefined {
    return this.#byPath.get(path)?.[line - 1];
  }
}

interface Carry {
  readonly old: string[];
  readonly now: string[];
  readonly origins: readonly (string | undefined)[];
  readonly patch: string;
}

function carried({ old, now, origins, patch }: Carry): (string | undefined)[] {
  // Comparing two unlike files takes time by the product of their sizes; then the patch wrote it all anew.
  const parts = diffArrays(old, now, { timeout: 2000 });
  if (parts === undefined) return now.map(() => patch);
  const result: (string | undefined)[] = [];
  let at = 0;
  for (const { added, removed, value } of parts) {
    if (!removed) result.push(...value.map((_, i) => (added ? patch : origins[at + i])));
    if (!added) at += value.length;
  }
  return result;
}
