import type { ExecResult } from '../vm/ssh/connection.ts';
import type { Ktap, KtapPoint } from './ktap.ts';

/** How the kernel's own and liburing's test programs say that something is not there to be tested. */
const skipped = 77;

/** Lines of a program's output that are kept as diagnostics. */
const keptLines = 20;

/**
 * The result of a program whose exit code is all it tells, as a KTAP document with one point: 0 is a pass, 77
 * a skip, everything else a failure, and so is a signal. A program that did not end has no result line.
 */
export function exitCodeResults(name: string, run: Pick<ExecResult, 'outcome' | 'stdout' | 'stderr'>): Ktap {
  const diagnostics = lastLines(run);
  const point = (verdict: Pick<KtapPoint, 'status' | 'reason'>): KtapPoint => ({
    number: 1,
    name,
    ...verdict,
    observations: [],
    diagnostics,
  });
  const words = (how: string): string => [how, ...diagnostics.slice(-1)].join(': ');
  const document = { present: true, planned: 1, trailingObservations: [], problems: [] };
  const ended = (verdict: Pick<KtapPoint, 'status' | 'reason'>): Ktap => ({
    ...document,
    points: [point(verdict)],
    trailing: [],
  });
  const { outcome } = run;
  switch (outcome.type) {
    case 'exited':
      if (outcome.code === 0) return ended({ status: 'PASS' });
      if (outcome.code === skipped)
        return ended({ status: 'SKIP', reason: diagnostics.at(-1) ?? `exit status ${skipped}` });
      return ended({ status: 'FAIL', reason: words(`exit status ${outcome.code}`) });
    case 'signalled':
      return ended({ status: 'FAIL', reason: words(`killed by ${outcome.signal}`) });
    case 'deadline':
    case 'lost':
      return { ...document, points: [], trailing: diagnostics };
  }
}

/** What it said last, complaints last of all. */
const lastLines = ({ stdout, stderr }: Pick<ExecResult, 'stdout' | 'stderr'>): string[] =>
  [stdout, stderr]
    .flatMap((stream) => stream.toString('utf8').split('\n'))
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .slice(-keptLines);
