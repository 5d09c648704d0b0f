import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { renderPage } from '../output/page/render.ts';
import { openBrowser } from './browser.ts';
import { largeShape, madeHistory, madeRun } from './made-run.ts';
import { atMost, type Figure, medianAtMost, timed } from './measure.ts';

export interface PageBenchOptions {
  readonly onProgress: (what: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const loads = 5;

/** The page of a made matrix of 10,000 cells: its size, and how it does in a real browser on this machine. */
export async function benchPage({ onProgress, signal }: PageBenchOptions): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-bench-'));
  try {
    onProgress('writing the page of 10,000 cells');
    const run = madeRun(largeShape);
    // The app may have to be built first, which is another matter.
    await renderPage({ ...run, trials: [] });
    const { milliseconds, value: html } = await timed(() => renderPage(run, madeHistory(largeShape)));
    const file = path.join(directory, 'page.html');
    await writeFile(file, html);
    await using browser = await openBrowser();
    const opened: Opened[] = [];
    for (let count = 1; count <= loads; count++) {
      signal?.throwIfAborted();
      onProgress(`opening it, ${count} of ${loads}`);
      opened.push(await openOnce(browser, pathToFileURL(file).href));
    }
    const of = (key: keyof Opened): number[] => opened.map((one) => one[key]);
    return [
      atMost(
        { name: 'page of 10,000 cells', value: Math.round(Buffer.byteLength(html) / 1e4) / 100, unit: 'MB' },
        5,
      ),
      { name: 'writing it', value: Math.round(milliseconds), unit: 'ms' },
      medianAtMost('from navigation to the first usable filter', of('usable'), 1000),
      medianAtMost('a letter in the filter to the list', of('filter'), 100),
      medianAtMost('CPU time for a frame of scrolling', of('scroll'), 16),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Milliseconds. */
interface Opened {
  readonly usable: number;
  readonly filter: number;
  readonly scroll: number;
}

async function openOnce(browser: Browser, url: string): Promise<Opened> {
  await using page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName('usable').length > 0);
  const usable = await page.evaluate(
    () => performance.getEntriesByName('usable')[0]?.startTime ?? Number.NaN,
  );
  return { usable, filter: await filterTime(page), scroll: await scrollTime(page) };
}

/** From the event of a letter until the list has been laid out anew. */
const filterTime = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const field = document.querySelector<HTMLInputElement>('input[type=search]');
    if (field === null) throw new Error('the page has no filter');
    const started = performance.now();
    field.value = 'thread-steps kasan';
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    while (!/^\d+ of /.test(document.querySelector('[role=status]')?.textContent ?? ''))
      await new Promise((resolve) => requestAnimationFrame(resolve));
    const milliseconds = performance.now() - started;
    field.value = '';
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    return milliseconds;
  });

const scrolls = 100;

/**
 * CPU time of the page's thread for a frame in which it is scrolled by a screen, as fast as a finger throws it. Time by
 * the clock would tell what else this machine does.
 */
async function scrollTime(page: Page): Promise<number> {
  const tools = await page.context().newCDPSession(page);
  await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async (): Promise<number> => {
    const { metrics } = await tools.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  };
  const before = await busy();
  await page.evaluate(async (steps) => {
    for (let step = 1; step <= steps; step++) {
      scrollBy(0, innerHeight);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }, scrolls);
  return (((await busy()) - before) * 1000) / scrolls;
}
