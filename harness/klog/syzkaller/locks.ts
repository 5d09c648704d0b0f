import type { Evidence, Naming } from './evidence.ts';
import { anywhere, bare, named, sites, trace } from './evidence.ts';
import { pick } from './frames.ts';

/** The word that a report opens with: `INFO` or `BUG` up to 4.11, `WARNING` since 4.12. syzkaller keeps them apart. */
const sign = (e: Evidence): string => /^(?:\[ )?(INFO|BUG|WARNING):/.exec(e.header.text)?.[1] ?? 'WARNING';

/** What follows the sign, as the kernel printed it. */
const words = (e: Evidence): string => e.header.text.replace(/^(?:\[ )?\w+: /, '').replace(/ \]$/, '');

const issue = (e: Evidence): string[] => sites(e).slice(0, 1);

/** Whether header, kernel version and the rule below them follow each other: they are printed in one breath. */
const opensWhole = (e: Evidence): boolean => e.bodies.slice(1, 4).some((b) => /^-{5,}\s*$/.test(b));

function deadlock(e: Evidence): Naming {
  if (sites(e).length === 0) return bare(`${sign(e)}: ${words(e)}`, 'WARNING');
  // The lock that is wanted, then the one that is held.
  return named('possible deadlock', 'LOCKDEP', pick(sites(e).slice(0, 2)) ?? pick(trace(e)));
}

/** The place that made a lock irq-safe tells more than the one that now takes another lock under it. */
function irqOrder(e: Evidence): Naming {
  const at = e.bodies.findIndex((b) => /irq-(?:READ-)?safe at:/.test(b));
  const earlier = e.mentions.filter((m) => at >= 0 && m.line > at && m.how === 'frame').map((m) => m.func);
  return named('possible deadlock', 'LOCKDEP', pick(earlier) ?? pick(sites(e)));
}

function rcu(e: Evidence): Naming {
  const type = sign(e) === 'INFO' ? '' : 'LOCKDEP';
  if (sign(e) === 'WARNING' && !opensWhole(e)) return bare('WARNING: suspicious RCU usage', 'WARNING');
  return named(`${sign(e)}: suspicious RCU usage`, type, e.mixed ? undefined : pick(trace(e)));
}

const KINDS: Readonly<Record<string, (e: Evidence) => Naming>> = {
  circular: deadlock,
  recursive: deadlock,
  'irq-inversion': deadlock,
  'safe-unsafe': irqOrder,
  'safe-unsafe.hardirq': irqOrder,
  'safe-unsafe.softirq': irqOrder,
  rcu,
  inconsistent: (e) => named('inconsistent lock state', 'LOCKDEP', pick([...issue(e), ...trace(e)])),
  'wait-context': (e) => named('WARNING: locking bug', 'LOCKDEP', pick([...issue(e), ...trace(e)])),
  'unlock-balance': (e) => named(`${sign(e)}: bad unlock balance`, 'LOCKDEP', pick(anywhere(e))),
  'held-freed': (e) => named(`${sign(e)}: held lock freed`, 'LOCKDEP', pick([...issue(e), ...trace(e)])),
  'still-held': (e) => named(`${sign(e)}: still has locks held`, 'LOCKDEP', pick(sites(e))),
  'ret-user': (e) =>
    named(
      `${sign(e)}: lock held when returning to user space`,
      sign(e) === 'WARNING' ? 'LOCKDEP' : '',
      pick(sites(e)),
    ),
  nested: (e) => named(`${sign(e)}: Nested lock was not taken`, 'LOCKDEP', pick(trace(e))),
  contention: (e) => named(`${sign(e)}: bad contention`, 'LOCKDEP', pick([...issue(e), ...trace(e)])),
  nonstatic: (e) => named('INFO: trying to register non-static key', '', pick(trace(e))),
  subclass: () => bare('BUG: looking up invalid subclass: NUM'),
};

/** Titles of lockdep's reports; what lockdep says when it gives up stands as it is. */
export function lockdep(e: Evidence): Naming | undefined {
  const kind = e.header.rule.kind.replace(/^lockdep\./, '');
  return kind.startsWith('off.') ? bare(e.header.text) : KINDS[kind]?.(e);
}

/** kernel/locking/spinlock_debug.c names what is wrong in the header. */
export const spinlock = (e: Evidence): Naming =>
  named(`BUG: ${e.header.rule.kind} ${e.header.groups['what']}`, 'LOCKDEP', pick(trace(e)));
