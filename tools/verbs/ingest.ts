import path from 'node:path';
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { screenOn } from '../../harness/output/screen.ts';
import { table } from '../../harness/output/table.ts';
import { type Ingested, ingest, projectCandidates, type Report } from '../../patches/index.ts';
import { resolveTree } from '../../vm/kernel/index.ts';
import { interruptible } from '../interrupt.ts';
import { positive } from '../values.ts';

export const ingestVerb = () =>
  new Command('ingest')
    .description('make candidates of patches, mails, threads, commits or a work tree')
    .argument(
      '[sources...]',
      'a patch, a mail, an mbox (also .gz), a maildir, a directory of patches or mails, a quilt series, DIR@A..B, or - for standard input',
    )
    .option('--worktree <dir>', 'what a git work tree has that is not committed', collected, [])
    .option('--untracked', 'with --worktree: new files too that git was not told of', false)
    .option('--out <dir>', "where the candidates' directories go", 'candidates')
    .option(
      '--into-project',
      "among the project's own candidates, where every verb finds them by name",
      false,
    )
    .option('--name <name>', 'the name of the candidate', plainName)
    .option('--version <n>', 'this version of a series instead of all complete ones', positive)
    .option('--match <words>', 'only what has these words in its title')
    .option('--incomplete', 'take series that lack parts', false)
    .option('--tree <tree>', 'repair what mail software damaged after this tree, and see what fits it')
    .option('--force', 'replace other candidates of the same name', false)
    .option('--dry-run', 'only say what there is', false)
    .option('--json', 'print the result as JSON (schema ringtrial.ingest/1)', false)
    .addHelpText(
      'after',
      `
Diffs inside a discussion become candidates too, at any depth of quoting, with their author's number ("[1]") and
the words round them. Of a thread all complete versions come out; the newest is marked.
Exit codes: 0 there is at least one candidate, 2 there is none, or the input cannot be read.`,
    )
    .action(async (sources, { json, worktree, intoProject, out, tree, ...options }, command) => {
      const signal = interruptible();
      if (sources.length === 0 && worktree.length === 0) {
        command.error('error: say what to read: a file, a directory, DIR@A..B, - or --worktree DIR');
      }
      const screen = screenOn(process.stderr);
      try {
        const target =
          tree === undefined
            ? undefined
            : { name: tree, dir: (await resolveTree(tree, { signal })).dir, signal };
        const report = await ingest({
          ...options,
          sources,
          workTrees: worktree,
          out: intoProject ? projectCandidates() : out,
          ...(target === undefined ? {} : { tree: target }),
          signal,
          onProgress: (messages) => screen.status(`${messages} messages read`),
        });
        screen.end();
        process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : rendered(report));
        if (!json) process.stderr.write(remarks(report) + hint(report, intoProject ? undefined : out));
      } finally {
        screen.end();
      }
    });

function rendered({ candidates }: Report): string {
  const fitted = candidates.some(({ fit }) => fit !== undefined);
  return table(
    ['name', 'patches', ...(fitted ? ['fits'] : []), 'what it is', ''],
    candidates.map((one) => [
      one.name,
      String(one.file.patches.length),
      ...(fitted ? [one.fit ?? ''] : []),
      one.file.title,
      marks(one),
    ]),
  );
}

function marks({ status, written, file }: Ingested): string {
  const version = file.source?.version ?? 1;
  return [
    ...(version > 1 ? [`v${version}`] : []),
    ...(status === 'superseded' ? ['superseded by a newer version'] : []),
    ...(written === 'new' ? [] : [written]),
    ...(file.source?.notes
      ? [`${file.source.notes.length} note${file.source.notes.length === 1 ? '' : 's'}`]
      : []),
  ].join(', ');
}

/** What did not become a candidate, and what was done to those that did. */
function remarks(report: Report): string {
  const lines = [
    ...report.candidates.flatMap(({ name, file }) =>
      (file.source?.notes ?? []).map((note) => `${name}: ${note}`),
    ),
    ...report.candidates.flatMap(({ name, why }) => (why === undefined ? [] : [`${name}: ${why}`])),
    ...report.incomplete.map(({ title, reason }) => `left out: ${title}: ${reason}`),
    ...report.refused.map(({ title, reason }) => `refused: ${title}: ${reason}`),
    ...(report.quotations > 0
      ? [`${report.quotations} quoted or repeated copies of these diffs were passed over`]
      : []),
    ...(report.fragments > 0 ? [`${report.fragments} quoted fragments of diffs were passed over`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** How to go on from here: a candidate that does not fit the tree is no use to `evaluate`. */
function hint({ candidates }: Report, out: string | undefined): string {
  const written = candidates.filter((one) => one.written !== 'not written');
  const [first] = written;
  if (first === undefined) return '';
  const fitting = written.find(({ fit }) => fit !== 'fails');
  const called = ({ name }: Ingested): string => (out === undefined ? name : path.join(out, name));
  return fitting
    ? `go on with: ringtrial evaluate ${called(fitting)}\n`
    : `see which trees it fits with: ringtrial applies ${called(first)}\n`;
}

const collected = (dir: string, before: readonly string[]): string[] => [...before, path.resolve(dir)];

function plainName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(text)) return text;
  throw new InvalidArgumentError('A name of letters, digits, dots, dashes and underscores is needed.');
}
