#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { enableCompileCache, findPackageJSON } from 'node:module';
import { Command, CommanderError, Help } from '@commander-js/extra-typings';
import { cacheDir } from '../common/cache.ts';
import { ExitCode, RingtrialError } from '../common/errors.ts';
import { interruption } from './interrupt.ts';
import { askedVerb, placeholder, termOf, verbs } from './verbs.ts';

// Reading TypeScript is most of what a short command costs. Without a cache it is only slower.
await cacheDir('node').then(enableCompileCache, () => {});

const asked = askedVerb(process.argv.slice(2));

const program = new Command('ringtrial')
  .description('Puts an io_uring kernel patch on trial: base and patch are built, booted in QEMU, and raced.')
  .addHelpText(
    'after',
    `
Exit codes: 0 accepted, 1 rejected, 2 usage or configuration, 3 the harness could not tell,
130 and 143 after SIGINT and SIGTERM. Results go to standard output, progress to standard error.`,
  )
  .version(version())
  .showHelpAfterError('(ringtrial --help tells more)')
  .exitOverride()
  // What follows the name of a script is the script's.
  .enablePositionalOptions()
  .configureHelp({
    subcommandTerm(command) {
      const verb = verbs.find(({ name }) => name === command.name());
      return verb === undefined ? Help.prototype.subcommandTerm.call(this, command) : termOf(verb);
    },
  });

for (const verb of verbs) program.addCommand(verb === asked ? await verb.load() : placeholder(verb));

// Sub-commands do not inherit it.
for (const verb of program.commands) verb.exitOverride();

// `ringtrial … | head` has what it wants when head ends.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Of package.json, which lies elsewhere for the package's dist/tools. */
function version(): string {
  const file = findPackageJSON(import.meta.url) ?? '';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Says what went wrong, for a person, and returns the exit code. */
function report(error: unknown): number {
  // Commander has printed help or its complaint already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.usage;
  if (interruption.exitCode !== undefined) {
    process.stderr.write(`ringtrial: stopped by ${interruption.signalName}; nothing was left running\n`);
    return interruption.exitCode;
  }
  if (error instanceof RingtrialError) {
    process.stderr.write(`ringtrial: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(
    `ringtrial: this is a fault of Ringtrial itself, please report it.\n${inspectError(error)}\n`,
  );
  return ExitCode.inconclusive;
}

function inspectError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
