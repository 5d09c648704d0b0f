import path from 'node:path';
import type { RingtrialError } from '../../common/errors.ts';
import { applySeries, type Fit, PatchDoesNotApplyError } from '../apply.ts';
import { base, type Candidate } from '../candidate.ts';
import { DamagedPatchError } from '../parse.ts';
import { UnsafePatchError } from '../safety.ts';
import type { CandidateFile } from '../schema.ts';
import { type Assembled, assemble } from './assemble.ts';
import { IncompleteSeriesError, NoSuchVersionError, NothingToApplyError } from './errors.ts';
import { workTree } from './git-range.ts';
import { type Input, openInput, type Reading } from './input.ts';
import { type Leftover, namedApart, type Plan } from './plan.ts';
import { type Read, readInputs } from './read.ts';
import type { Ingested, Report } from './report.ts';
import type { Target } from './rescue.ts';
import { Spool } from './spool.ts';
import { writeCandidate } from './write.ts';

export interface IngestOptions {
  /** Files, directories, `DIR@A..B`, or `-`. */
  readonly sources: readonly string[];
  /** Directories of git work trees whose uncommitted changes are wanted. */
  readonly workTrees?: readonly string[];
  readonly untracked?: boolean;
  /** The directory that the candidates' directories are made in. */
  readonly out: string;
  readonly name?: string | undefined;
  readonly version?: number | undefined;
  /** Only work whose title has these words. */
  readonly match?: string | undefined;
  readonly incomplete?: boolean;
  readonly force?: boolean;
  /** Find out what there is, and write nothing. */
  readonly dryRun?: boolean;
  readonly tree?: Target | undefined;
  readonly stdin?: NodeJS.ReadableStream;
  /** How many bytes standard input or a compressed file may have; by default 1 GiB. */
  readonly largestInput?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with the number of messages read so far. */
  readonly onProgress?: (messages: number) => void;
}

/** More candidates than this in one go are a whole archive, and nobody's question. */
const mostCandidates = 5000;

/**
 * Makes candidates of whatever patches come in: series, single mails, diffs inside discussions, commits, work trees.
 *
 * @throws NothingToApplyError, IncompleteSeriesError, CandidateExistsError, and what the kinds of input throw.
 */
export async function ingest(options: IngestOptions): Promise<Report> {
  await using spool = await Spool.open(options.largestInput);
  const reading: Reading = {
    spool,
    signal: options.signal,
    ...(options.stdin ? { stdin: options.stdin } : {}),
  };
  const inputs: Input[] = [];
  for (const source of options.sources) inputs.push(await openInput(source, reading));
  for (const dir of options.workTrees ?? []) {
    inputs.push(await workTree(dir, reading, { untracked: options.untracked ?? false }));
  }
  const read = await readInputs(inputs, options);
  checkVersion(options.version, read.planned.versions);
  const plans = named(namedApart(read.planned.plans), options.name);
  if (plans.length > mostCandidates) {
    throw new NothingToApplyError(
      `There are ${plans.length} candidates in it, more than ${mostCandidates}. Say which with --match, or give one thread of it.`,
    );
  }
  const candidates: Ingested[] = [];
  const refused = [...read.refused, ...read.planned.broken];
  for (const plan of plans) {
    options.signal?.throwIfAborted();
    const outcome = await make(plan, options);
    if ('reason' in outcome) refused.push(outcome);
    else candidates.push(outcome);
  }
  const { incomplete, quotations, fragments } = read.planned;
  if (candidates.length === 0) throw nothing({ ...read, refused });
  return {
    schema: 'ringtrial.ingest/1',
    ...{ candidates, incomplete: [...incomplete], refused },
    ...{ messages: read.messages, quotations, fragments },
  };
}

/** @throws NoSuchVersionError */
function checkVersion(wanted: number | undefined, there: readonly number[]): void {
  if (wanted === undefined || there.length === 0 || there.includes(wanted)) return;
  const list = there.map((one) => `v${one}`).join(', ');
  throw new NoSuchVersionError(
    `There is no version ${wanted}; there ${there.length === 1 ? 'is' : 'are'} ${list}.`,
  );
}

function named(plans: readonly Plan[], name: string | undefined): readonly Plan[] {
  if (name === undefined) return plans;
  return plans.map((plan, i) => ({ ...plan, name: i === 0 ? name : `${name}-${i + 1}` }));
}

async function make(plan: Plan, options: IngestOptions): Promise<Ingested | Leftover> {
  try {
    const candidate = await assemble(plan, options.tree);
    const { fit, file, why } = await fitted(candidate, options.tree);
    const written = options.dryRun
      ? 'not written'
      : await writeCandidate({ ...candidate, file }, options.out, { force: options.force ?? false });
    const { name, status, kind } = plan;
    const directory = path.resolve(options.out, name);
    return { name, directory, written, status, kind, file, ...(fit ? { fit } : {}), ...(why ? { why } : {}) };
  } catch (error) {
    if (error instanceof UnsafePatchError || error instanceof DamagedPatchError) {
      return { title: plan.title, reason: error.message };
    }
    throw error;
  }
}

interface Fitted {
  readonly file: CandidateFile;
  readonly fit?: Fit | 'fails';
  readonly why?: string;
}

/** Notes in the candidate which tree it was found to fit. */
async function fitted({ name, file, patches }: Assembled, tree: Target | undefined): Promise<Fitted> {
  if (tree === undefined) return { file };
  const candidate: Candidate = {
    ...base,
    name,
    patches: [...patches].map(([patch, bytes]) => ({ name: patch, path: patch, bytes })),
  };
  try {
    const { fit } = await applySeries(tree.dir, candidate, { signal: tree.signal });
    return { file: { ...file, trees: [...new Set([...file.trees, tree.name])] }, fit };
  } catch (error) {
    if (error instanceof PatchDoesNotApplyError || error instanceof UnsafePatchError) {
      return { file, fit: 'fails', why: error.message };
    }
    throw error;
  }
}

function nothing({ planned, refused, messages, notes }: Read): RingtrialError {
  const list = (items: readonly Leftover[]): string =>
    items
      .slice(0, 20)
      .map(({ title, reason }) => `\n  ${title}: ${reason}`)
      .join('');
  if (planned.incomplete.length > 0) {
    return new IncompleteSeriesError(
      `No series is complete; --incomplete takes what there is.${list(planned.incomplete)}${list(refused)}`,
    );
  }
  const what = messages === 1 ? 'The message holds' : `The ${messages} messages hold`;
  const quoted =
    planned.fragments > 0
      ? ` ${planned.fragments} ${planned.fragments === 1 ? 'is' : 'are'} quoted, but none as a whole.`
      : '';
  if (refused.length > 0) return new NothingToApplyError(`Nothing can be applied.${list(refused)}`);
  return new NothingToApplyError(
    `${what} nothing to apply: no ${planned.fragments > 0 ? 'whole ' : ''}diff stands in the text.${quoted}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`,
  );
}
