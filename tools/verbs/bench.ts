import { Command } from '@commander-js/extra-typings';
import { benchGuest } from '../../harness/bench/guest.ts';
import type { Figure } from '../../harness/bench/measure.ts';
import { findKernel } from '../../harness/find-kernel.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { table } from '../../harness/output/table.ts';
import { interruptible } from '../interrupt.ts';
import { triageBench } from './triage.ts';

export const benchVerb = () =>
  new Command('bench')
    .description('measure Ringtrial itself on this machine')
    .addCommand(guestBench())
    .addCommand(triageBench(render));

const guestBench = () =>
  new Command('guest')
    .description('boots, forks and short tests: times, memory, failures')
    .argument(
      '[kernel]',
      "the beginning of a kernel's hash, a run directory or DIR:base; by default the newest run's patched kernel",
    )
    .option('--json', 'print the figures as JSON')
    .action(async (reference, options) => {
      const signal = interruptible();
      const { kernel } = await findKernel(reference);
      const screen = screenOn(process.stderr);
      const figures = await benchGuest({ kernel, signal, onProgress: (what) => screen.status(what) });
      screen.end();
      process.stdout.write(options.json ? `${JSON.stringify(figures, null, 2)}\n` : render(figures));
    });

const render = (figures: readonly Figure[]): string =>
  table(
    ['figure', 'measured', 'aim', '', ''],
    figures.map(({ name, value, unit, aim, reached, note }) => [
      name,
      `${value} ${unit}`,
      aim ?? '',
      reached === undefined ? '' : reached ? 'reached' : 'MISSED',
      note ?? '',
    ]),
  );
