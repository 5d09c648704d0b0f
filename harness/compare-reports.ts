import { explain } from './klog/index.ts';
import type { KnownReports } from './known-reports.ts';
import type { FoundReport } from './status.ts';
import { attributor, type Suspect } from './triage/attribute.ts';
import type { ReportComparison } from './verdict.ts';

/** The reports of both kernels by signature, explained; what the candidate printed is attributed. */
export function compareReports(
  base: readonly FoundReport[],
  candidate: readonly FoundReport[],
  suspect: Suspect & { readonly known?: KnownReports | undefined },
): ReportComparison[] {
  const signatures = new Set([...base, ...candidate].map(({ report }) => report.signature));
  const attributed = attributor(suspect);
  return [...signatures].flatMap((signature) => {
    const before = base.filter(({ report }) => report.signature === signature);
    const after = candidate.filter(({ report }) => report.signature === signature);
    const first = after[0] ?? before[0];
    if (!first) return [];
    const known = suspect.known?.find(first.report);
    return {
      signature,
      kind: first.report.kind,
      title: first.report.title,
      base: before.length,
      candidate: after.length,
      new: before.length === 0 && known === undefined,
      ...(known ? { known: { reason: known.reason, link: known.link, expires: known.expires } } : {}),
      programs: [...new Set(after.concat(before).flatMap(({ program }) => program ?? []))],
      console: first.console,
      start: first.start,
      end: first.end,
      text: first.report.text,
      explanation: explain(first.report),
      attribution: after.length > 0 ? attributed(first.report) : null,
    };
  });
}
