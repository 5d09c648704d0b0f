import { Command } from '@commander-js/extra-typings';
import { benchGuest } from '../../harness/bench/guest.ts';
import { benchMatrix } from '../../harness/bench/matrix.ts';
import type { Figure } from '../../harness/bench/measure.ts';
import { benchPage } from '../../harness/bench/page.ts';
import { findKernel } from '../../harness/find-kernel.ts';
import { pageNeeds } from '../../harness/host/needs.ts';
import { screenOn } from '../../harness/output/screen.ts';
import { table } from '../../harness/output/table.ts';
import { ensureHost } from '../host.ts';
import { interruptible } from '../interrupt.ts';
import { names, positive } from '../values.ts';
import { triageBench } from './triage.ts';

export const benchVerb = () =>
  new Command('bench')
    .description('measure Ringtrial itself on this machine')
    .addCommand(guestBench())
    .addCommand(triageBench(render))
    .addCommand(pageBench())
    .addCommand(matrixBench());

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

const pageBench = () =>
  new Command('page')
    .description('the page of 10,000 cells: its size, and how soon it can be used in a headless Chromium')
    .option('--json', 'print the figures as JSON')
    .action(async (options) => {
      const signal = interruptible();
      await ensureHost(signal, pageNeeds);
      const screen = screenOn(process.stderr);
      try {
        const figures = await benchPage({ signal, onProgress: (what) => screen.status(what) });
        screen.end();
        process.stdout.write(options.json ? `${JSON.stringify(figures, null, 2)}\n` : render(figures));
      } finally {
        screen.end();
      }
    });

const matrixBench = () =>
  new Command('matrix')
    .description('a matrix of candidates that were never built, against its builds and its tests alone')
    .option('--candidates <n>', 'how many one-file candidates', positive, 10)
    .option('--profiles <names>', 'separated by commas', names, ['lockdep', 'kasan'])
    .option('--only <programs>', 'only these programs of the suite, separated by commas', names)
    .option('--tree <tree>', 'the tree', 'debian:6.1')
    .option('--json', 'print the figures as JSON')
    .action(async ({ json, ...options }) => {
      const signal = interruptible();
      await ensureHost(signal);
      const screen = screenOn(process.stderr);
      try {
        const figures = await benchMatrix({ ...options, signal, onProgress: (what) => screen.line(what) });
        screen.end();
        process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : render(figures));
      } finally {
        screen.end();
      }
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
