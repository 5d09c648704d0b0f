import type { LoadedRun, LoadedTrial } from '../../load-run.ts';
import { statuses } from '../../status.ts';
import type { TestComparison } from '../../verdict.ts';
import { hunksOf } from './blame.ts';
import { reportDetail, reportEntry, type Seen } from './collect-report.ts';
import { isSure, trialDetail } from './collect-trial.ts';
import type {
  CellRow,
  KnownEntry,
  PageIndex,
  ReportDetail,
  ReportEntry,
  TrialDetail,
  TrialEntry,
} from './document.ts';
import { type History, historyLetters, longestHistory, noHistory } from './history.ts';
import { allVisible, visible } from './visible.ts';

/** Everything a page holds. */
export interface PageContent {
  readonly index: PageIndex;
  /** In the order of the index; null of a trial without a verdict. */
  readonly trials: readonly (TrialDetail | null)[];
  readonly reports: readonly ReportDetail[];
}

/** Numbers things in the order in which they are first named. */
class Numbered<T> {
  readonly list: T[] = [];
  readonly #numbers = new Map<T, number>();

  of(thing: T): number {
    const known = this.#numbers.get(thing) ?? this.list.length;
    if (known === this.list.length) {
      this.#numbers.set(thing, known);
      this.list.push(thing);
    }
    return known;
  }
}

/** Gathers what a page shows of a run: its verdicts, and as much of its evidence as is worth looking at. */
export async function collectPage(run: LoadedRun, history: History = noHistory): Promise<PageContent> {
  const seen = await sightings(run.trials);
  const groups = [...Map.groupBy(seen, ({ report }) => report.signature).values()];
  const entries = groups.map((group) => reportEntry(group, history));
  const { trials, ...tables } = trialEntries(run.trials, entries, history);
  const about = allVisible({ kind: run.kind, name: run.name, summary: run.summary });
  return {
    index: { ...about, ...tables, statuses, trials, reports: entries, known: knownEntries(run.trials) },
    trials: await Promise.all(
      run.trials.map(async (trial) => (trial.verdict ? trialDetail(trial, trial.verdict, history) : null)),
    ),
    reports: await Promise.all(
      groups.map((group, number) => reportDetail(group, `locks_${number}`, history)),
    ),
  };
}

const knownEntries = (trials: readonly LoadedTrial[]): KnownEntry[] =>
  trials.flatMap(({ verdict }, trial) =>
    (verdict?.knownReports ?? []).map((entry) => ({ ...allVisible(entry), trial })),
  );

async function sightings(trials: readonly LoadedTrial[]): Promise<Seen[]> {
  const all = trials.map(async (loaded, trial): Promise<Seen[]> => {
    const { verdict } = loaded;
    if (verdict === undefined || verdict.reports.length === 0) return [];
    const hunks = await hunksOf(loaded.directory, verdict);
    return verdict.reports.map((report) => ({ trial, loaded, verdict, report, hunks }));
  });
  return (await Promise.all(all)).flat();
}

function trialEntries(
  trials: readonly LoadedTrial[],
  reports: readonly ReportEntry[],
  history: History,
): Pick<PageIndex, 'trials' | 'names' | 'changes'> {
  const names = new Numbered<string>();
  const changes = new Numbered<TestComparison['change']>();
  const numbers = new Map(reports.map(({ signature }, number) => [signature, number]));
  const entries = trials.map((trial): TrialEntry => {
    const { verdict } = trial;
    const cells = (verdict?.tests ?? []).map((test): CellRow => {
      const program = test.name.slice(0, test.name.lastIndexOf('.'));
      const under = (verdict?.reports ?? []).filter(({ programs }) => programs.includes(program));
      return [
        names.of(visible(test.name)),
        statuses.indexOf(test.base.status),
        statuses.indexOf(test.candidate.status),
        changes.of(test.change),
        (verdict?.behaviours ?? []).filter((behaviour) => behaviour.test === test.name).length,
        (verdict?.measurements ?? []).filter((one) => one.test === test.name && isSure(one)).length,
        under.flatMap(({ signature }) => numbers.get(visible(signature)) ?? []),
        historyLetters(history.test(trial, test.name).slice(-longestHistory)),
      ];
    });
    const { id, candidate, tree, profile, suite } = trial;
    const summary = verdict?.summary ?? trial.missing ?? 'there is no verdict';
    const title = verdict?.candidate.title ?? '';
    return {
      ...allVisible({ id, candidate, title, tree, profile, suite, summary }),
      verdict: verdict?.verdict ?? 'missing',
      cells,
    };
  });
  return { trials: entries, names: names.list, changes: changes.list };
}
