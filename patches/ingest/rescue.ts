import { applySeries } from '../apply.ts';
import { base } from '../candidate.ts';
import { splitLines } from '../explain.ts';
import { refit } from '../refit/refit.ts';
import { unsafePath } from '../safety.ts';
import { readTreeFile } from '../tree.ts';
import type { FoundDiff } from './found.ts';
import { pathOf, type Section } from './sections.ts';

/** A tree that tells what a damaged diff was. */
export interface Target {
  readonly dir: string;
  /** As the user named it. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Rescued {
  readonly sections: readonly Section[];
  readonly notes: readonly string[];
}

/**
 * Repairs a diff that mail software damaged, after the files of a tree. Undefined when it is not damaged, or when there is
 * no repair, or more than one.
 *
 * @param earlier the patches that come before it in its series, which the tree gets first
 */
export async function rescue(
  diff: FoundDiff,
  target: Target,
  earlier: readonly (readonly [string, Uint8Array])[],
): Promise<Rescued | undefined> {
  if (diff.whole && diff.damage.length === 0) return undefined;
  const files = await filesFor(diff.sections, target, earlier);
  const fitted = files && refit(diff.sections, (path) => files.get(path));
  if (fitted === undefined || fitted.effort === 'fuzz') return undefined;
  return {
    sections: fitted.sections,
    notes: fitted.notes.map((note) => `repaired after ${target.name}: ${note}`),
  };
}

async function filesFor(
  sections: readonly Section[],
  { dir, signal }: Target,
  earlier: readonly (readonly [string, Uint8Array])[],
): Promise<Map<string, readonly string[]> | undefined> {
  const patches = earlier.map(([name, bytes]) => ({ name, path: name, bytes }));
  const before = await applySeries(dir, { ...base, name: 'earlier', patches }, { signal }).catch(
    () => undefined,
  );
  if (before === undefined) return undefined;
  const files = new Map<string, readonly string[]>();
  for (const path of new Set(sections.map(pathOf))) {
    if (unsafePath(path) !== undefined) return undefined;
    const changed = before.changes.find((change) => change.path === path);
    const content = changed ? changed.content : (await readTreeFile(dir, path))?.content;
    if (content) files.set(path, splitLines(Buffer.from(content).toString('latin1')));
  }
  return files;
}
