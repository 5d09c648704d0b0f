import type { Context, Origin } from './types.ts';

/**
 * `CPU: 0 PID: 1 Comm: swapper/0 Tainted: G W 6.1.0 #1` and, from 6.11 on,
 * `CPU: 0 UID: 0 PID: 1 Comm: ...` (dump_stack_print_info, lib/dump_stack.c). The letters of the taint flags stand
 * in columns, with blanks for what is not set (print_tainted, kernel/panic.c).
 */
const CPU_LINE =
  /CPU: (\d{1,5}) (?:UID: \d{1,10} )?PID: (\d{1,10}) Comm: (.{1,64}?) (?:Kdump: loaded )?(?:Not tainted|Tainted: ((?:[A-Z] {0,40}){1,30}))(?:[ ,] ?|(?<= ))?(\d+\.\d+\S{0,100})?/;

/** CPU, task, taint and release from the first line of a report that tells them. */
export function parseOrigin(bodies: readonly string[]): Origin {
  for (const body of bodies) {
    if (!body.includes('Comm: ')) continue;
    const m = CPU_LINE.exec(body);
    if (m === null) continue;
    return {
      cpu: Number(m[1]),
      task: { comm: m[3] ?? '', pid: Number(m[2]) },
      ...(m[4] === undefined ? {} : { taint: m[4].trim().replace(/ +/g, ' ') }),
      ...(m[5] === undefined ? {} : { release: m[5] }),
    };
  }
  return {};
}

/** The innermost context (of lines without white space around them) that the report's stack marks name, before any return to the task. */
export function parseContext(texts: readonly string[]): Context | undefined {
  let seenTrace = false;
  for (const text of texts) {
    if (text.startsWith('<NMI>')) return 'nmi';
    if (text.startsWith('<IRQ>'))
      return texts.some((t) => /__do_softirq|handle_softirqs/.test(t)) ? 'softirq' : 'hardirq';
    if (text.startsWith('<TASK>')) return 'task';
    if (/^Call [Tt]race/.test(text)) seenTrace = true;
  }
  return seenTrace ? 'task' : undefined;
}
