import { Command } from '@commander-js/extra-typings';
import { RingtrialError } from '../../common/errors.ts';
import { historyOf, knownAs, namesLike } from '../../harness/ledger/history.ts';
import { ledgerFile } from '../../harness/ledger/ledger.ts';
import { rebuildLedger } from '../../harness/ledger/rebuild.ts';
import { renderHistory } from '../../harness/output/history.ts';
import { show } from '../show.ts';
import { positive } from '../values.ts';

/** No run in the ledger has such a test or report. */
class UnknownSubjectError extends RingtrialError {
  readonly code = 'NOT_IN_LEDGER';
}

export const ledgerVerb = () =>
  new Command('ledger')
    .description('the index over all runs: the history of a test or a kernel report, and making it anew')
    .addCommand(historyCommand())
    .addCommand(rebuildCommand());

const historyCommand = () =>
  new Command('history')
    .description('what became of a test or a kernel report, run by run')
    .argument('<subject>', "a test's name (PROGRAM.POINT) or a report's signature")
    .option('--tree <tree>', 'only runs on it, as it was asked for: debian:6.1')
    .option('--candidate <name>', 'only runs of it')
    .option('--profile <name>', 'only runs in it')
    .option('--suite <name>', 'only runs under it')
    .option('--limit <n>', 'only the newest runs', positive, 200)
    .option('--json', 'print JSON (schema ringtrial.history/1)', false)
    .action((subject, { json, ...filters }) => {
      const known = knownAs(subject);
      if (known.tests.length + known.signatures.length === 0) throw unknown(subject);
      const history = historyOf({ ...known, ...filters });
      show(json ? history : renderHistory(history));
    });

const rebuildCommand = () =>
  new Command('rebuild')
    .description('make the ledger anew from the run directories')
    .argument(
      '[directories...]',
      'where runs lie besides the usual place: matrices made with --out, for instance',
    )
    .action((directories) => {
      const runs = rebuildLedger(directories);
      show(`${runs} run${runs === 1 ? '' : 's'} in ${ledgerFile()}\n`);
    });

function unknown(subject: string): UnknownSubjectError {
  const names = namesLike(subject);
  return new UnknownSubjectError(
    names.length > 0
      ? `No run has a test or report called "${subject}". Like it: ${names.join('; ')}`
      : `No run has a test or report called "${subject}". Runs that lie elsewhere are found with: ringtrial ledger rebuild DIR`,
  );
}
