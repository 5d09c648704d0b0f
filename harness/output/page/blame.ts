import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadCandidate } from '../../../patches/index.ts';
import { type FileDiff, type Hunk, parsePatchFile } from '../../../patches/parse.ts';
import { changesOfDiffs, lastWord } from '../../triage/changes.ts';
import type { Verdict } from '../../verdict.ts';
import type { BlamedHunk } from './document.ts';
import { allVisible } from './visible.ts';

type Evidence = NonNullable<Verdict['reports'][number]['attribution']>['evidence'];

/** A hunk with where it stands. */
interface PlacedHunk {
  readonly patch: string;
  readonly diff: FileDiff;
  readonly hunk: Hunk;
}

export type Hunks = readonly PlacedHunk[] | { readonly missing: string };

/**
 * The hunks of a verdict's patches: from the run directory, or from a stored candidate of that name, if its bytes
 * are still the ones that were tried.
 */
export async function hunksOf(directory: string, { candidate }: Verdict): Promise<Hunks> {
  const stored = await loadCandidate(candidate.name).catch(() => undefined);
  const found: PlacedHunk[] = [];
  for (const { name, sha256 } of candidate.patches) {
    const kept = await readFile(path.join(directory, 'patches', path.basename(name))).catch(() => undefined);
    const bytes = [kept, stored?.patches.find((patch) => patch.name === name)?.bytes].find(
      (one) => one !== undefined && createHash('sha256').update(one).digest('hex') === sha256,
    );
    if (bytes === undefined)
      return { missing: `${name} is neither in the run directory nor stored, as it was tried.` };
    for (const diff of parsePatchFile(name, bytes).files)
      found.push(...diff.hunks.map((hunk) => ({ patch: name, diff, hunk })));
  }
  return found;
}

const mostHunks = 6;
const mostLines = 80;

/** The hunks that change a function or bring or take a lock which the evidence names, those first that most of it points at. */
export function blamed(hunks: readonly PlacedHunk[], evidence: Evidence): BlamedHunk[] {
  const named = evidence.flatMap((one) =>
    hunks.flatMap((placed) => concerns(placed, one).map((because) => ({ placed, because }))),
  );
  const reasons = Map.groupBy(named, ({ placed }) => placed);
  const most = [...reasons].toSorted(([, a], [, b]) => b.length - a.length).slice(0, mostHunks);
  return most.map(([placed, because]) =>
    allVisible({
      patch: placed.patch,
      file: placed.diff.newPath ?? placed.diff.oldPath ?? '',
      header: placed.hunk.header,
      lines: placed.hunk.lines.slice(0, mostLines),
      because: [...new Set(because.map((one) => one.because))].join(', '),
    }),
  );
}

/**
 * What of a hunk an evidence names.
 *
 * @param evidence its subject as harness/triage/evidence.ts has it: a function, `lock NAME`, or `taken NAME`; the
 * sentence may name another function, the changed one that the subject calls
 */
function concerns({ diff, hunk }: PlacedHunk, { about, text }: Evidence[number]): string[] {
  const { functions, ownLocks, takenLocks } = changesOfDiffs([{ ...diff, hunks: [hunk] }]);
  const lock = /^(?:lock|taken) (.+)$/.exec(about)?.[1];
  if (lock !== undefined) return ownLocks.has(lastWord(lock)) || takenLocks.has(lastWord(lock)) ? [lock] : [];
  const words = new Set(text.match(/\w+/g));
  return functions.map(({ name }) => name).filter((name) => name === about || words.has(name));
}
