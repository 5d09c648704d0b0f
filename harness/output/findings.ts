import { isLikely } from '../lock-orders.ts';
import type { Schedule } from '../schedules/schedule.ts';
import { describeAdded } from '../triage/dependency-diff.ts';
import { safeLine } from '../triage/safe.ts';
import type { LockOrder, ReportComparison, TestComparison, Verdict } from '../verdict.ts';

/** What kernels complained about: where, since when, why that is the patch's doing or not, and what it means. */
export const reportList = (reports: readonly ReportComparison[]): string =>
  `Kernel reports:\n${reports.map(reportEntry).join('')}`;

function reportEntry(report: ReportComparison): string {
  const { known } = report;
  const seen = report.new ? 'NEW with the patch' : `base ${report.base}x, patched ${report.candidate}x`;
  const during = report.programs.length > 0 ? `, during ${report.programs.join(', ')}` : '';
  const { attribution } = report;
  const lines = [
    `${seen}${during}; ${report.console}, bytes ${report.start} to ${report.end}`,
    ...(known
      ? [`known, and accepted until ${known.expires}: ${safeLine(known.reason)} (${known.link})`]
      : []),
    ...(attribution ? [`${attribution.cause}: ${attribution.reason}`] : []),
    // The first sentence says what the title says.
    ...(report.new ? report.explanation.slice(1) : []),
  ];
  return `  ${report.title}\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

/** What the trial's file of known reports says and does no longer hold; nothing where all of it does. */
export function knownList(known: Verdict['knownReports'] = []): string {
  const words = { expired: 'has expired and is not accepted', 'not seen': 'was not seen' };
  return known
    .flatMap(({ state, name, reason, expires, link }) =>
      state === 'seen' || state === 'other kernel'
        ? []
        : [`Known report ${words[state]} (${expires}): ${safeLine(name)}: ${safeLine(reason)} (${link})\n`],
    )
    .join('');
}

const mostOrders = 12;

/** The lock orders that the patch seems to add; those that chance explains are only counted. */
export function orderList(orders: readonly LockOrder[]): string {
  const telling = orders.filter(isLikely);
  const rest = orders.length - telling.length;
  if (telling.length === 0) return '';
  const lines = telling.slice(0, mostOrders).map((order) => {
    const under = order.programs.length > 3 ? `${order.programs.length} programs` : order.programs.join(', ');
    return `  ${describeAdded(order)} [${under}]\n`;
  });
  if (telling.length > mostOrders) lines.push(`  and ${telling.length - mostOrders} more, in verdict.json\n`);
  if (rest > 0)
    lines.push(
      `  and ${rest} that base implies or that chance explains (in one run only), in verdict.json\n`,
    );
  return `Lock orders that lockdep recorded with the patch alone:\n${lines.join('')}`;
}

/** At this share of a table it is time to make it larger: lockdep turns itself off when one is full. */
const crowded = 0.5;

/** A word about lockdep's tables, when one of them fills. */
export function headroom(tests: readonly TestComparison[]): string {
  const uses = tests.flatMap(({ base, candidate }) => [base.lockdepUse ?? [], candidate.lockdepUse ?? []]);
  const fullest = uses.flat().toSorted((a, b) => b.used - a.used)[0];
  if (!fullest || fullest.used < crowded) return '';
  return `Lockdep has used ${Math.round(fullest.used * 100)} % of its room for ${fullest.table}; when that is full it stops looking.\n`;
}

/** How many results nobody could have contradicted, by side. */
export function blindList({ tests }: Verdict): string {
  const blind = (['base', 'candidate'] as const).map((side) => {
    const runs = tests.reduce((sum, test) => sum + test[side].runs - test[side].validated, 0);
    return runs === 0 ? undefined : `${runs} of ${side === 'base' ? "base's" : "the patched kernel's"}`;
  });
  const words = blind.filter((part) => part !== undefined);
  return words.length === 0
    ? ''
    : `Blind results, in whose time a complaint of the kernel would not have been heard: ${words.join(', ')}.\n`;
}

/** Guests that came up at their second boot only, which a kernel that hangs now and then would explain, too. */
export const secondTryList = ({ secondTries = [] }: Verdict): string =>
  secondTries
    .map(({ side, why, directory }) => {
      const whose = side === 'base' ? 'base' : 'the patched kernel';
      return `A guest of ${whose} came up at its second boot only: ${why} (${directory}).\n`;
    })
    .join('');

/** Under which schedules each test ran, and how many of the tests did not pass there. */
export function scheduleList(schedules: readonly Schedule[], tests: readonly TestComparison[]): string {
  const lines = schedules.map(({ number, text }) => {
    const bad = (['base', 'candidate'] as const).map((side) => {
      const count = tests.filter((test) => failedUnder(test[side], number)).length;
      return count === 0 ? undefined : `${count} ${side === 'base' ? 'on base' : 'with the patch'}`;
    });
    const failed = bad.filter((words) => words !== undefined).join(', ');
    return `  ${number}  ${text}${failed === '' ? '' : `; not passed: ${failed}`}\n`;
  });
  return `Schedules:\n${lines.join('')}`;
}

/** Whether a test did not pass in each of its runs under a schedule. */
export const failedUnder = ({ schedules = [] }: TestComparison['base'], number: number): boolean =>
  schedules.some(
    ({ schedule, counts }) => schedule === number && Boolean(counts.FAIL ?? counts.ERROR ?? counts.MISS),
  );
