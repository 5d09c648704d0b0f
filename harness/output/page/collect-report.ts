import { readLog } from '../../klog/index.ts';
import type { LoadedTrial } from '../../load-run.ts';
import type { Cause } from '../../triage/attribute.ts';
import { lockGraphSvg } from '../../triage/svg.ts';
import { causeWords } from '../../triage/words.ts';
import type { ReportComparison, Verdict } from '../../verdict.ts';
import { blamed, type Hunks } from './blame.ts';
import { orderDetail } from './collect-trial.ts';
import type { Excerpt, ReportDetail, ReportEntry, Sighting } from './document.ts';
import { excerptOf } from './excerpt.ts';
import { type History, historyLetters, longestHistory } from './history.ts';
import { allVisible } from './visible.ts';

/** One report of one trial. */
export interface Seen {
  readonly trial: number;
  readonly loaded: LoadedTrial;
  readonly verdict: Verdict;
  readonly report: ReportComparison;
  readonly hunks: Hunks;
}

const gravest: readonly (Cause | null)[] = ['introduced', 'exposed', 'unrelated', 'pre-existing', null];

/** Where it is best looked at comes first: there where a patch brought it. */
const mostTelling = (seen: readonly Seen[]): Seen[] =>
  seen.toSorted(
    (a, b) =>
      Number(b.report.new) - Number(a.report.new) ||
      gravest.indexOf(a.report.attribution?.cause ?? null) -
        gravest.indexOf(b.report.attribution?.cause ?? null),
  );

/** What the list of reports shows of all sightings of one signature, of which there is at least one. */
export function reportEntry(seen: readonly Seen[], history: History): ReportEntry {
  const { report, loaded } = mostTelling(seen)[0] as Seen;
  const causes = seen.map((one) => one.report.attribution?.cause ?? null);
  const [parsed] = readLog(report.text);
  const sum = (side: 'base' | 'candidate'): number =>
    seen.reduce((total, one) => total + one.report[side], 0);
  return {
    ...allVisible({ signature: report.signature, kind: report.kind, title: report.title }),
    severity: parsed?.severity ?? 'bug',
    cause: gravest.find((cause) => causes.includes(cause)) ?? null,
    isNew: seen.some((one) => one.report.new),
    base: sum('base'),
    candidate: sum('candidate'),
    trials: seen.map(({ trial }) => trial),
    known: seen.flatMap((one) =>
      one.report.known ? [{ trial: one.trial, ...allVisible(one.report.known) }] : [],
    ),
    history: historyLetters(history.signature(loaded, report.signature).slice(-longestHistory)),
  };
}

/** @param id unique in the page; a word */
export async function reportDetail(
  seen: readonly Seen[],
  id: string,
  history: History,
): Promise<ReportDetail> {
  const { report, loaded } = mostTelling(seen)[0] as Seen;
  const [parsed] = readLog(report.text);
  const excerpt = await excerptOf(loaded.directory, report);
  return {
    // The first sentence is the title once more.
    explanation: allVisible(report.explanation.filter((sentence) => sentence !== `${report.title}.`)),
    svg: parsed && (await lockGraphSvg(parsed, id)),
    sightings: mostTelling(seen).map(sighting),
    arrows: (parsed?.lockdep?.edges ?? []).map(({ trace }) => landmarkOf(excerpt, trace.heading)),
    excerpt,
    past: allVisible(history.signature(loaded, report.signature).slice(-longestHistory)),
  };
}

/** An order of locks is printed under `-> #1 (NAME)`, with its stack. */
function landmarkOf({ landmarks }: Excerpt, heading: string): number | null {
  const link = /^-> #\d+ /.exec(heading)?.[0];
  return landmarks.find(({ label }) => link !== undefined && label.startsWith(link))?.line ?? null;
}

function sighting({ trial, verdict, report, hunks }: Seen): Sighting {
  const { attribution } = report;
  const named = new Set([...report.title.matchAll(/[^\s,:>]+/g)].map(([word]) => word));
  const orders = verdict.lockOrders
    .map(orderDetail)
    .filter(({ from, to }) => named.has(from) || named.has(to));
  const known = 'missing' in hunks ? [] : hunks;
  return {
    trial,
    ...allVisible({
      base: report.base,
      candidate: report.candidate,
      programs: report.programs,
      console: report.console,
    }),
    schedules: report.schedules ?? [],
    attribution:
      attribution &&
      allVisible({
        cause: attribution.cause,
        words: causeWords(attribution.cause),
        score: attribution.score,
        reason: attribution.reason,
        evidence: attribution.evidence
          .map(({ text }) => text)
          .filter((text) => !attribution.reason.startsWith(text)),
      }),
    hunks: attribution ? blamed(known, attribution.evidence) : [],
    ...('missing' in hunks && attribution ? { noHunks: hunks.missing } : {}),
    orders,
  };
}
