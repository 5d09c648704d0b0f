import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';

/** A verb of the command line, with as much of it as the list of verbs shows. */
export interface Verb {
  readonly name: string;
  /** What follows the name in the list, as Commander writes it. */
  readonly usage: string;
  readonly description: string;
  /** The verb itself, with all the libraries that it rests on. */
  readonly load: () => Promise<CommandUnknownOpts>;
}

/**
 * All verbs, in the order of the help. Their modules are imported when they are called: together they
 * take most of a second, and nobody calls two.
 */
export const verbs: readonly Verb[] = [
  {
    name: 'evaluate',
    usage: '[options] <candidate>',
    description: 'put a candidate on trial: build it and its base, boot both, run the suite on both, judge',
    load: async () => (await import('./verbs/evaluate.ts')).evaluateVerb(),
  },
  {
    name: 'matrix',
    usage: '[options] [file]',
    description: 'put candidates on trial on every tree, in every profile, under every suite; resumable',
    load: async () => (await import('./verbs/matrix.ts')).matrixVerb(),
  },
  {
    name: 'plan',
    usage: '[options] <file>',
    description: "write a matrix's plan, with all its patches: what 'ringtrial run' needs on other machines",
    load: async () => (await import('./verbs/plan.ts')).planVerb(),
  },
  {
    name: 'run',
    usage: '[options]',
    description: 'run a plan, or one shard of it; started again, it goes on with what is missing',
    load: async () => (await import('./verbs/run.ts')).runVerb(),
  },
  {
    name: 'merge',
    usage: '[options] <directories...>',
    description: 'put the shards of one plan together into one matrix',
    load: async () => (await import('./verbs/merge.ts')).mergeVerb(),
  },
  {
    name: 'worker',
    usage: '[options]',
    description: 'build kernels and run trials of matrices that others put into a queue, until it is stopped',
    load: async () => (await import('./verbs/worker.ts')).workerVerb(),
  },
  {
    name: 'ledger',
    usage: '',
    description: 'the index over all runs: the history of a test or a kernel report, and making it anew',
    load: async () => (await import('./verbs/ledger.ts')).ledgerVerb(),
  },
  {
    name: 'candidates',
    usage: '[options]',
    description: 'list the candidates that come with Ringtrial',
    load: async () => (await import('./verbs/candidates.ts')).candidatesVerb(),
  },
  {
    name: 'suite',
    usage: '[options] [suite]',
    description: 'list the suites; of one suite, its programs and their test points',
    load: async () => (await import('./verbs/suite.ts')).suiteVerb(),
  },
  {
    name: 'new-test',
    usage: '[options] <name>',
    description: 'write the skeleton of a test program, and the suite.json that makes its directory a suite',
    load: async () => (await import('./verbs/new-test.ts')).newTestVerb(),
  },
  {
    name: 'ingest',
    usage: '[options] [sources...]',
    description: 'make candidates of patches, mails, threads, commits or a work tree',
    load: async () => (await import('./verbs/ingest.ts')).ingestVerb(),
  },
  {
    name: 'applies',
    usage: '[options] <candidate>',
    description: 'say to which trees a candidate applies, and how well',
    load: async () => (await import('./verbs/applies.ts')).appliesVerb(),
  },
  {
    name: 'trees',
    usage: '[options] [trees...]',
    description:
      'the kernel trees that are known, which are in the cache, what is built of them; cleaning it',
    load: async () => (await import('./verbs/trees.ts')).treesVerb(),
  },
  {
    name: 'bisect',
    usage: '[options] <candidate>',
    description: 'find the patch of a series that brings a failure or a kernel report, by halves',
    load: async () => (await import('./verbs/bisect.ts')).bisectVerb(),
  },
  {
    name: 'coverage',
    usage: '[options] <candidate>',
    description: 'which of the lines that a candidate brings were executed, by which tests',
    load: async () => (await import('./verbs/coverage.ts')).coverageVerb(),
  },
  {
    name: 'recall',
    usage: '[options] [mutants...]',
    description: 'run the suite over the mutants and their bases: what it catches, by what, how fast',
    load: async () => (await import('./verbs/recall.ts')).recallVerb(),
  },
  {
    name: 'report',
    usage: '[options] <run>',
    description: 'tell a finished run, of one trial or of a matrix, in a format for people or programs',
    load: async () => (await import('./verbs/report.ts')).reportVerb(),
  },
  {
    name: 'doctor',
    usage: '[options]',
    description: 'show what this machine has and lacks for a trial; exit 2 when something is missing',
    load: async () => (await import('./verbs/doctor.ts')).doctorVerb(),
  },
  {
    name: 'shell',
    usage: '[options] [kernel]',
    description: 'an interactive shell in a fresh guest of a built kernel, with the test programs in /tests',
    load: async () => (await import('./verbs/shell.ts')).shellVerb(),
  },
  {
    name: 'exec',
    usage: '[options] <kernel> <command...>',
    description: "run one command in a fresh guest of a built kernel, and exit with the command's status",
    load: async () => (await import('./verbs/exec.ts')).execVerb(),
  },
  {
    name: 'script',
    usage: '<file> [words...]',
    description: "run a script that uses Ringtrial as a library, with Ringtrial's own Node and packages",
    load: async () => (await import('./verbs/script.ts')).scriptVerb(),
  },
  {
    name: 'record',
    usage: '[options] <run> <test>',
    description: 'run a test in guests whose every instruction is recorded, until it fails',
    load: async () => (await import('./verbs/record.ts')).recordVerb(),
  },
  {
    name: 'replay',
    usage: '[options] <finding>',
    description:
      'run a recorded failure again, instruction by instruction; under gdb, forwards and backwards',
    load: async () => (await import('./verbs/replay.ts')).replayVerb(),
  },
  {
    name: 'bench',
    usage: '',
    description: 'measure Ringtrial itself on this machine',
    load: async () => (await import('./verbs/bench.ts')).benchVerb(),
  },
  {
    name: 'test',
    usage: '[options] [files...]',
    description: "run Ringtrial's own tests: type check, lint, unit tests, and tests in real guests",
    load: async () => (await import('./verbs/test.ts')).testVerb(),
  },
  {
    name: 'triage',
    usage: '[options] <file...>',
    description: 'find and explain every report in kernel logs: dmesg, console logs, journals',
    load: async () => (await import('./verbs/triage.ts')).triageVerb(),
  },
];

/** The verb that a command line calls or wants the help of, if it is one of ours. */
export function askedVerb(args: readonly string[]): Verb | undefined {
  const words = args.filter((word) => !word.startsWith('-'));
  const name = words[0] === 'help' ? words[1] : words[0];
  return verbs.find((verb) => verb.name === name);
}

/** Stands in the list for a verb that is not called. */
export const placeholder = ({ name, description }: Verb): CommandUnknownOpts =>
  new Command(name).description(description);

/** A line of the list: `evaluate [options] <candidate>`. */
export const termOf = ({ name, usage }: Verb): string => `${name} ${usage}`.trimEnd();
