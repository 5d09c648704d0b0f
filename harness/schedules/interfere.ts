import type { Kernel } from '../../vm/kernel/index.ts';
import type { Guest } from '../../vm/qemu/guest.ts';
import { type HoldPlan, holdProcessors } from '../../vm/qemu/hold.ts';
import { QmpError } from '../../vm/qemu/qmp.ts';
import { functionAddresses } from './means.ts';
import { SeededRandom } from './random.ts';
import type { Schedule } from './schedule.ts';

/** Begins what a schedule does to a guest while a program runs in it; disposing of the result ends it. */
export type Interfere = (guest: Guest, run: string) => Promise<AsyncDisposable>;

/**
 * What a schedule does to the guests of a kernel while they run; undefined when it does nothing.
 *
 * @param notice is told which of the functions this kernel does not have
 */
export async function interferenceOf(
  schedule: Schedule,
  kernel: Pick<Kernel, 'systemMap'>,
  notice: (message: string) => void,
): Promise<Interfere | undefined> {
  if (!schedule.hold) return undefined;
  const { functions } = schedule.hold;
  const known = functions.length === 0 ? new Map<string, bigint>() : await functionAddresses(kernel);
  const at = functions.flatMap((name) => known.get(name) ?? []);
  const missing = functions.filter((name) => !known.has(name));
  if (missing.length > 0)
    notice(`schedule ${schedule.number}: this kernel has no ${missing.join(', no ')}, so no delay there`);
  // Without a place it would be another schedule.
  if (functions.length > 0 && at.length === 0) return undefined;
  return async (guest, run) => {
    try {
      return await holdProcessors(guest, holdPlan(schedule, at, run));
    } catch (error) {
      // A guest that is gone has other witnesses.
      if (!(error instanceof QmpError)) throw error;
      return { async [Symbol.asyncDispose]() {} };
    }
  };
}

/**
 * Times in milliseconds. A timer interrupt comes every 4 ms (CONFIG_HZ=250), and a test that waits for a state
 * looks every few of them: delays are somewhat longer than both, and far shorter than any watchdog.
 */
export function holdPlan(schedule: Schedule, at: readonly bigint[], run: string): HoldPlan {
  const random = new SeededRandom(`hold/${schedule.seed}/${run}`);
  const [longestHold, longestRest] = at.length === 0 ? [50, 20] : [20, 10];
  return {
    at,
    armedMs: 50,
    // With the rests a third of the shortest deadline, which is 40 s and doubled.
    budgetMs: 6_000,
    holdMs: () => random.between(1, longestHold),
    restMs: () => random.between(0, longestRest),
    processor: () => random.between(0, schedule.vcpus - 1),
  };
}
