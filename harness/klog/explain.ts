import { className } from './lockdep/lock.ts';
import type { LockdepReport, LockEdge } from './lockdep/types.ts';
import type { KernelReport } from './types.ts';

const where = (e: LockEdge): string => (e.acquiredIn === undefined ? '' : ` in ${e.acquiredIn}`);

function explainCycle(report: LockdepReport, who: string): string[] {
  const lines = report.edges.map((e) =>
    e.how === 'new'
      ? `${who} holds ${className(e.from)} and takes ${className(e.to)}${where(e)}: this order is new.`
      : `Recorded before: ${className(e.to)} was taken${where(e)} while ${className(e.from)} was held.`,
  );
  lines.reverse();
  return [
    ...lines,
    'Together these orders form a circle: if all happen at once, every party waits for the next one for ever.',
    'Usual fix: take the locks in one order everywhere, or drop the outer one before taking the inner one.',
  ];
}

/** A report in plain English, one sentence an element. */
export function explain(report: KernelReport): string[] {
  const who = report.task === undefined ? 'A task' : `${report.task.comm} (pid ${report.task.pid})`;
  const out: string[] = [`${report.title}.`];
  const l = report.lockdep;
  if (l !== undefined && l.edges.length > 1) out.push(...explainCycle(l, who));
  else if (report.kind === 'lockdep.recursive' && l?.wanted !== undefined)
    out.push(
      `${who} takes ${className(l.wanted.lock)}${l.wanted.at?.func ? ` in ${l.wanted.at.func}` : ''}.`,
      `It already holds a lock of that class${l.against?.at?.func ? `, taken in ${l.against.at.func}` : ''}.`,
      'With one lock this hangs at once; with two of the class nothing says which comes first.',
      'Usual fix: do not take it twice, or give nesting levels (lock_nested) when an order between the two exists.',
    );
  else if (report.kind === 'lockdep.inconsistent' && l?.wanted !== undefined)
    out.push(
      `${who} takes ${className(l.wanted.lock)}${l.usage ? ` in the state ${l.usage.now}, but earlier it was ${l.usage.before}` : ''}.`,
      'An interrupt that takes the lock while its CPU already holds it would wait for itself.',
      'Usual fix: disable that kind of interrupt wherever the lock is taken outside of it (_irqsave, _bh).',
    );
  const frames = report.traces.at(-1)?.frames.filter((f) => !f.unreliable && f.func !== undefined) ?? [];
  if (l === undefined && frames.length > 0)
    out.push(
      `Stack: ${frames
        .slice(0, 6)
        .map((f) => f.func)
        .join(' < ')}.`,
    );
  if (report.panic !== undefined) out.push(`The kernel then panicked: ${report.panic}.`);
  if (report.secondary === true)
    out.push('It came after an earlier report, so it may be only a consequence.');
  if (report.corrupted !== undefined) out.push(`Beware: ${report.corrupted}.`);
  return out;
}
