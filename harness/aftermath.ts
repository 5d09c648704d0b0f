import type { Guest } from '../vm/qemu/guest.ts';
import type { Detectors } from './detectors.ts';
import { parseVitals, type Vitals, vitalsCommand } from './liveness.ts';
import { type Dependencies, parseDependencies } from './triage/dependencies.ts';

/** What is known right after a program ran. */
export interface Aftermath {
  readonly vitals: Vitals | undefined;
  /** What the guest answered, whole: the evidence for `vitals`. */
  readonly answer: Buffer;
  /** Everything the kernel printed before this moment has arrived in the console log. */
  readonly consoleSynced: boolean;
  /** kmemleak has looked, where the kernel has it, and what it found was printed. */
  readonly leaksSought: boolean;
}

const answerDeadlineMs = 20_000;
const leakDeadlineMs = 40_000;

/**
 * How long a task that a test left blocked is watched. Longer than the profiles' hung-task time-out
 * of 10 s plus its check every 2 s (profiles/*.json), so that the kernel speaks before the guest goes.
 */
const settleMs = 14_000;

/** How a guest is asked. */
export interface Inspection {
  readonly detectors: Detectors;
  /** What all patience is multiplied by. */
  readonly timeScale: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the guest how it is until nothing waits any more for what the test did, then syncs with its console. */
export async function inspect(guest: Guest, program: string, how: Inspection): Promise<Aftermath> {
  const patience = Date.now() + settleMs * how.timeScale;
  const leaksSought = !how.detectors.kmemleak || (await scanForLeaks(guest, how));
  for (;;) {
    const aftermath = { ...(await ask(guest, program, how)), leaksSought };
    if (!aftermath.vitals?.blocked.length || Date.now() > patience || !guest.alive) return aftermath;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/**
 * Lets kmemleak look for what nobody points to any more, and has what it finds printed on the console,
 * which is where all reports are; false when it did not. It takes no object for lost that is younger than 5 s
 * (MSECS_MIN_AGE, mm/kmemleak.c), and one whose checksum changed only at the next scan.
 */
async function scanForLeaks(guest: Guest, { timeScale, signal }: Inspection): Promise<boolean> {
  const command = [
    'k=/sys/kernel/debug/kmemleak; echo on > /proc/sys/kernel/printk_devkmsg',
    // A kmemleak that has run out of memory turns itself off and refuses to scan.
    'sleep 6; echo scan > $k && echo scan > $k',
    `while IFS= read -r line; do printf '%s\\n' "$line" > /dev/kmsg || exit 1; done < $k`,
  ].join(' && ');
  const deadlineMs = leakDeadlineMs * timeScale;
  const { outcome } = await guest.exec(command, { deadlineMs, ...(signal ? { signal } : {}) });
  return outcome.type === 'exited' && outcome.code === 0;
}

async function ask(
  guest: Guest,
  program: string,
  { timeScale, signal }: Inspection,
): Promise<Omit<Aftermath, 'leaksSought'>> {
  const deadlineMs = answerDeadlineMs * timeScale;
  // Only when the mark has come back on the serial line has everything printed before it come too.
  const mark = `ringtrial: end of ${program} ${Math.random().toString(36).slice(2)}`;
  const seen = guest.console.waitFor(mark, deadlineMs);
  const result = await guest.exec(`${vitalsCommand}; echo '${mark}' > /dev/kmsg`, {
    deadlineMs,
    ...(signal ? { signal } : {}),
  });
  if (result.outcome.type !== 'exited')
    return { vitals: undefined, answer: result.stdout, consoleSynced: false };
  const vitals = parseVitals(result.stdout.toString('utf8'));
  return { vitals, answer: result.stdout, consoleSynced: await seen };
}

/** The lock orders that a guest's lockdep knows at this moment; undefined when the guest does not say. */
export async function knownOrders(guest: Guest): Promise<Dependencies | undefined> {
  const { outcome, stdout } = await guest.exec('cat /proc/lockdep', { deadlineMs: answerDeadlineMs });
  return outcome.type === 'exited' ? parseDependencies(stdout.toString('utf8')) : undefined;
}
