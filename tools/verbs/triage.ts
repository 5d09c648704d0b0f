import { once } from 'node:events';
import { Command, Option } from '@commander-js/extra-typings';
import { ExitCode, RingtrialError } from '../../common/errors.ts';
import type { Figure } from '../../harness/bench/measure.ts';
import { benchTriage } from '../../harness/bench/triage.ts';
import { progressOn } from '../../harness/output/progress.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { Annotator } from '../../harness/triage/annotator.ts';
import { followJsonMode, followMode } from '../../harness/triage/follow.ts';
import {
  dotMode,
  groupJsonMode,
  groupMode,
  htmlMode,
  jsonMode,
  type Mode,
  terminalMode,
} from '../../harness/triage/modes.ts';
import { fileSource, growingSource, type LogSource, streamSource } from '../../harness/triage/source.ts';
import { loadSuspect } from '../../harness/triage/suspect.ts';
import type { Resolver } from '../../harness/triage/symbolize.ts';
import { KernelLines } from '../../harness/triage/symbolize-kernel.ts';
import { ImageResolver } from '../../harness/triage/symbolize-vmlinux.ts';
import { interruptible } from '../interrupt.ts';

/** Arguments of the verb that do not go together. */
class TriageUsageError extends RingtrialError {
  readonly code = 'TRIAGE_USAGE';
}

export const triageVerb = () =>
  new Command('triage')
    .description('find and explain every report in kernel logs: dmesg, console logs, journals')
    .argument('<file...>', "log files, plain or packed with gzip or zstd; '-' is standard input")
    .addOption(
      option('--json', 'a JSON document for each log, on one line (ringtrial.triage/1)', 'html', 'dot'),
    )
    .addOption(option('--html', 'one HTML page that needs nothing else', 'dot'))
    .addOption(option('--dot', 'the locks of each report as a Graphviz graph'))
    .addOption(option('--group', 'count equal reports over all logs', 'html', 'dot'))
    .addOption(option('--follow', 'read on while the log grows, until Ctrl-C', 'html', 'dot', 'group'))
    .option('--full', 'fold nothing away')
    .addOption(
      new Option('--titles <scheme>', 'add the title that another project would give').choices([
        'syzkaller',
      ] as const),
    )
    .option('--patch <candidate>', 'say which reports this patch, series or stored candidate introduced')
    .option('--base <log...>', 'with --patch: logs of the unpatched kernel, to compare with')
    .option('--tree <tree>', 'the sources of the kernel, without the patch, e.g. debian:6.1')
    .option(
      '--lines',
      'add source lines: compile the objects that a log names again, from --tree and --patch',
    )
    .option('--profile <name>', 'with --lines: how the kernel was configured', 'lockdep')
    .option('--vmlinux <file>', "add source lines from a kernel's image with debug information")
    .addHelpText(
      'after',
      '\nExit codes: 0 no bug and no warning, 1 at least one, 2 a log cannot be read or an option is wrong.',
    )
    .action(async (names, options) => {
      const signal = interruptible();
      const { patch, tree, base = [], full = false, titles } = options;
      checkCombination(options);
      endWithReader();
      const sources = await openAll(names, options.follow === true);
      const suspect = patch === undefined ? undefined : await loadSuspect({ patch, tree, base, signal });
      await using resolver = await openResolver(options, signal);
      const annotator = resolver && new Annotator(resolver);
      const job = {
        sources,
        suspect,
        annotator,
        signal,
        full,
        titles: titles !== undefined,
        write,
        stream: process.stdout,
      };
      process.exitCode = (await modeOf(options)(job)) ? ExitCode.rejected : ExitCode.accepted;
    });

interface SourceOptions {
  readonly patch?: string | undefined;
  readonly base?: readonly string[] | undefined;
  readonly tree?: string | undefined;
  readonly lines?: true | undefined;
  readonly profile: string;
  readonly vmlinux?: string | undefined;
}

function checkCombination({ patch, base, tree, lines, vmlinux }: SourceOptions): void {
  if (patch === undefined && base !== undefined)
    throw new TriageUsageError('--base is compared with what a patch did: name it with --patch.');
  if (lines && tree === undefined)
    throw new TriageUsageError('--lines compiles from the sources of the kernel: name them with --tree.');
  if (lines && vmlinux !== undefined)
    throw new TriageUsageError('--lines and --vmlinux are two ways to the same end: choose one.');
  if (tree !== undefined && patch === undefined && !lines)
    throw new TriageUsageError('--tree serves --patch or --lines: give one of them as well.');
}

async function openResolver(
  { lines, vmlinux, tree, patch, profile }: SourceOptions,
  signal: AbortSignal,
): Promise<(Resolver & AsyncDisposable) | undefined> {
  if (vmlinux !== undefined) return ImageResolver.open(vmlinux);
  if (!lines || tree === undefined) return undefined;
  const screen = screenOn(process.stderr);
  const show = progressOn(screen);
  try {
    return await KernelLines.open({
      tree,
      patch,
      profile,
      signal,
      onEvent: (event) => show({ type: 'kernel', side: patch === undefined ? 'base' : 'candidate', event }),
    });
  } finally {
    screen.end();
  }
}

const option = <const Name extends string>(name: Name, what: string, ...conflicts: string[]) =>
  new Option(name, what).conflicts(conflicts);

/** Every name is checked before anything is read. */
async function openAll(names: readonly string[], follow: boolean): Promise<LogSource[]> {
  if (follow && names.length > 1)
    throw new TriageUsageError('--follow reads one log; the first one would never end.');
  if (names.indexOf('-') !== names.lastIndexOf('-'))
    throw new TriageUsageError('Standard input can be read only once.');
  return Promise.all(
    names.map(async (name) => {
      if (name === '-') return streamSource('-', process.stdin, follow);
      return follow ? growingSource(name) : fileSource(name);
    }),
  );
}

function modeOf(
  options: {
    readonly [name in 'json' | 'html' | 'dot' | 'group' | 'follow']?: true | undefined;
  },
): Mode {
  if (options.follow) return options.json ? followJsonMode : followMode;
  if (options.group) return options.json ? groupJsonMode : groupMode;
  if (options.json) return jsonMode;
  if (options.html) return htmlMode;
  return options.dot ? dotMode : terminalMode;
}

async function write(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** `ringtrial triage … | head` has what it wants when head ends. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

/** @param render shows figures to people */
export const triageBench = (render: (figures: readonly Figure[]) => string) =>
  new Command('triage')
    .description('reading kernel logs: speed, memory, and with --corpus how right it is')
    .option(
      '--corpus <directory>',
      'golden files from outside: headers.tsv, syzkaller/report/, syzkaller/manifest.jsonl',
    )
    .option('--json', 'print the figures as JSON')
    .action(async ({ corpus, json }) => {
      const signal = interruptible();
      const screen = screenOn(process.stderr);
      try {
        const figures = await benchTriage({ corpus, signal, onProgress: (what) => screen.status(what) });
        screen.end();
        process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : render(figures));
      } finally {
        screen.end();
      }
    });
