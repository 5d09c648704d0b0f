import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openBrowser } from '../../bench/browser.ts';
import { largeShape, madeHistory, madeRun } from '../../bench/made-run.ts';
import { attack, hostileRun, withKnown } from './fixtures.ts';
import { renderPage } from './render.ts';

const shape = { candidates: 6, trees: 2, profiles: 2, tests: 20, repetitions: 3, history: 12 };

// A second on an idle machine each; a busy one takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let [directory, matrix, hostile] = ['', '', ''];
let browser: Browser;
/** What a page said on its console, and what it asked for, since it was opened. */
let [said, asked]: [string[], string[]] = [[], []];
let page: Page;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-page-'));
  matrix = await write('matrix.html', await renderPage(madeRun(shape), madeHistory(shape)));
  hostile = await write('hostile.html', await renderPage(await hostileRun(path.join(directory, 'run'))));
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await rm(directory, { recursive: true });
});

async function write(name: string, html: string): Promise<string> {
  await writeFile(path.join(directory, name), html);
  return pathToFileURL(path.join(directory, name)).href;
}

async function open(url: string, options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  page = await context.newPage();
  [said, asked] = [[], []];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName('usable').length > 0);
}

/** What becomes so in a moment, which is long on a busy machine. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 });
const heading = (): Promise<string | null> => page.locator('main h1').textContent();
const count = (): Promise<string | null> => page.locator('[role=status]').textContent();
const hash = (): string => decodeURIComponent(new URL(page.url()).hash);
const scrolled = (): Promise<number> => page.evaluate(() => scrollY);
const firstRow = () => page.locator('[data-row="0"]');

const isInSight = (element: Element): boolean => {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
};

/** Nothing went wrong, and nothing but the file itself was asked for. */
function expectQuiet(): void {
  expect(said).toEqual([]);
  expect(asked.map((url) => url.split('#')[0])).toEqual([expect.stringMatching(/^file:.*\.html$/)]);
}

describe('a matrix', () => {
  beforeEach(() => open(matrix));
  afterEach(async () => {
    expectQuiet();
    await page.context().close();
  });

  test('opens from disk and shows every trial with a word and a shape', async () => {
    expect(await page.title()).toMatch(/^made: 24 trials/);
    const cells = await page.locator('.matrix td').allTextContents();
    expect(cells).toHaveLength(24);
    for (const cell of cells) expect(cell).toMatch(/^(?:✓accepted|✗rejected)\d+ of 20 changed$/);
    await eventually(count).toBe('480 results');
  });

  test('is filtered by words and statuses; the address keeps that, for the back button and for others', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('6.1/kasan -design-1');
    await eventually(count).toBe('100 of 480 results');
    await eventually(hash).toContain('q=6.1/kasan+-design-1');
    await page.getByRole('button', { name: /PASS/ }).click();
    const passing = Number.parseInt((await count()) ?? '', 10);
    expect(passing).toBeGreaterThan(50);
    expect(passing).toBeLessThan(100);
    await firstRow().click();
    await page.goBack();
    await eventually(count).toBe(`${passing} of 480 results`);
    await page.reload();
    await eventually(count).toBe(`${passing} of 480 results`);
    expect(await page.locator('#filter').inputValue()).toBe('6.1/kasan -design-1');
    asked.pop();
  });

  test('is gone through by keys alone, and going back leads to where one was', async () => {
    for (const key of ['j', 'j', 'ArrowDown', 'k']) await page.keyboard.press(key);
    const focused = page.locator('[data-row]:focus');
    await eventually(() => focused.getAttribute('data-row')).toBe('1');
    expect(await focused.evaluate((row) => getComputedStyle(row).outlineStyle)).toBe('solid');
    const name = await focused.locator('.name').textContent();
    const top = await scrolled();
    await page.keyboard.press('Enter');
    await eventually(heading).toBe(name);
    await eventually(scrolled).toBe(0);
    await page.keyboard.press('j');
    await eventually(heading).not.toBe(name);
    await page.goBack();
    await page.goBack();
    await eventually(scrolled).toBe(top);
    await firstRow().click();
    await page.keyboard.press('Escape');
    await eventually(hash).toBe('#/');
    await page.keyboard.press('?');
    expect(await page.getByRole('dialog').textContent()).toContain('filter');
    await page.keyboard.press('Escape');
    await eventually(() => page.getByRole('dialog').count()).toBe(0);
  });

  test('arrow keys go from cell to cell of the matrix', async () => {
    await page.locator('.matrix td a').first().focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await eventually(hash).toBe('#/trial/design-3-of-many@debian:5.10/kasan/fixed-buffers');
  });

  test("a test's story has both kernels, its facts, its measurements, its past, and its like", async () => {
    await firstRow().click();
    await page.locator('.two').waitFor();
    expect(await page.locator('.side').count()).toBe(2);
    expect(await page.locator('.facts-table tbody tr').count()).toBe(2);
    expect(await page.locator('.plot svg').first().getAttribute('aria-label')).toMatch(
      /^unregister_ms: base [\d.]+ \(.* 3 times\)/,
    );
    expect(await page.locator('.plot').first().locator('.base circle').count()).toBe(3);
    expect(await page.getByText(/last 12 runs: .*PASS/).count()).toBeGreaterThan(0);
    expect(await page.getByRole('heading', { name: 'The same test elsewhere' }).count()).toBe(1);
  });

  test('an address that another run has is no dead end', async () => {
    await page.goto(`${matrix}#/?only=ERROR`);
    await eventually(count).toBe('0 of 480 results');
    await page.getByRole('button', { name: /ERROR/ }).click();
    await eventually(count).toBe('480 results');
    await page.goto(`${matrix}#/test/other%40debian%3A6.1/%E0%A4%A`);
    await eventually(heading).toBe('Not in this run');
    await page.getByText('All tests').click();
    await eventually(count).toBe('480 results');
    asked.splice(1);
  });
});

describe('a report', () => {
  beforeEach(() => open(hostile));
  afterEach(async () => {
    expectQuiet();
    await page.context().close();
  });

  test('has its graph, its hunk, and its console, in which one can jump', async () => {
    await page.getByRole('link', { name: 'possible circular locking dependency' }).first().click();
    await page.locator('.lock-graph').waitFor();
    expect(await page.locator('.lock-graph .node').count()).toBe(2);
    expect(await page.locator('.hunk').textContent()).toContain('+\tmutex_lock(&ctx->buf_table_lock);');
    await page.getByRole('button', { name: '-> #1' }).click();
    await eventually(hash).toMatch(/\?at=\d+$/);
    await expect
      .poll(() => page.locator('.console .at').textContent())
      .toContain('-> #1 (&ctx->buf_table_lock)');
    await page.keyboard.press('n');
    await eventually(() => page.locator('.console .at').textContent()).toContain('-> #0 (&ctx->uring_lock)');
    await page.getByRole('button', { name: 'stack backtrace' }).click();
    expect(await page.locator('.console details[open]').textContent()).toContain('print_circular_bug');
    await page.locator('.edge.recorded text').first().click();
    await expect
      .poll(() => page.locator('.console .at').textContent())
      .toContain('-> #1 (&ctx->buf_table_lock)');
    await page.keyboard.press('Escape');
    await eventually(heading).toBe('Kernel reports');
  });

  test('what guests and patches wrote is text: it runs nothing, hides nothing, reaches nobody', async () => {
    await eventually(heading).toContain(attack);
    expect(await page.locator('.run-lines tbody tr td').allTextContents()).toEqual(['p', 'none']);
    expect(await page.locator('.hunk').textContent()).toContain('   never +␛[2J');
    await page.getByRole('link', { name: 'possible circular locking dependency' }).first().click();
    await page.getByText('lines before').click();
    expect(await page.locator('.console').textContent()).toContain(
      `${attack}\n⟨U+202E⟩txet denrut⟨U+202C⟩\nred ␛[2Jcleared ␀`,
    );
    expect(await page.evaluate(() => 'attacked' in window)).toBe(false);
    expect(await page.evaluate(() => document.images.length)).toBe(0);
  });

  test('the policy of the page lets no script in and nothing out', async () => {
    const broken = await page.evaluate(async () => {
      const violated: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        violated.push(event.effectiveDirective),
      );
      await fetch('http://127.0.0.1:9/').catch(() => {});
      const [script, image] = [document.createElement('script'), new Image()];
      script.textContent = 'window.attacked = true';
      image.src = 'http://127.0.0.1:9/x.png';
      document.body.append(script, image);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return violated.toSorted();
    });
    expect(broken).toEqual(['connect-src', 'img-src', 'script-src-elem']);
    expect(await page.evaluate(() => 'attacked' in window)).toBe(false);
    // The browser tells of each refusal, of the picture as of a request that failed.
    expect(said.length).toBeGreaterThan(2);
    said.length = 0;
    asked.length = 1;
  });
});

describe('known reports', () => {
  beforeEach(async () => {
    const known = withKnown(await hostileRun(path.join(directory, 'known')));
    await open(await write('known.html', await renderPage(known)));
  });
  afterEach(async () => {
    expect(said).toEqual([]);
    await page.context().close();
  });

  test('are told with reason, last day and link where the report is; only http leads anywhere', async () => {
    const list = page.locator('.known-list li');
    expect(await list.locator('.badge').allTextContents()).toEqual([
      'expired',
      'not seen',
      'seen',
      'other kernel',
    ]);
    expect(await list.first().textContent()).toContain('not accepted any more since 2020-01-01 has passed');
    expect(await list.nth(1).textContent()).toContain('javascript:window.attacked=1');
    expect(await list.nth(1).locator('a').count()).toBe(0);
    await page.getByRole('navigation', { name: 'Sections' }).getByText('Setting').click();
    await eventually(() => page.getByRole('heading', { name: 'Setting' }).evaluate(isInSight)).toBe(true);
    await page.locator('[data-row="0"]').click();
    const note = page.locator('article .known');
    await eventually(() => note.textContent()).toContain(`Known, and accepted until 2027-03-31: ${attack}`);
    expect(await note.locator('a').getAttribute('href')).toBe('https://example.org/thread');
    await page.getByRole('link', { name: /^Kernel reports/ }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('known -new');
    await eventually(count).toMatch(/^1 of \d+ signatures$/);
    expect(await firstRow().locator('.badge').allTextContents()).toContain('known');
    await firstRow().click();
    await eventually(() => note.textContent()).toContain('accepted until 2027-03-31');
    expect(await page.evaluate(() => 'attacked' in window)).toBe(false);
  });
});

describe('how it looks', () => {
  afterEach(() => page.context().close());

  test('light and dark as the reader has it', async () => {
    const colours: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await open(matrix, { colorScheme });
      colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      if (colorScheme === 'light') await page.context().close();
    }
    expect(colours).toEqual(['rgb(255, 255, 255)', 'rgb(21, 23, 26)']);
  });

  test('nothing is wider than a phone', async () => {
    await open(hostile, { viewport: { width: 360, height: 740 } });
    const views = [
      '#/',
      '#/reports',
      ...(await page.evaluate(() =>
        [...document.querySelectorAll('main a')].map((link) => link.getAttribute('href') ?? ''),
      )),
    ];
    const wide: string[] = [];
    for (const url of [...views.map((view) => hostile + view), `${matrix}#/`]) {
      await page.goto(url);
      await page.locator('main h1').waitFor();
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) wide.push(url);
    }
    expect(views.length).toBeGreaterThan(4);
    expect(wide).toEqual([]);
  });

  test('10,000 cells take less than 5 MB, and only what is seen is in the document', async () => {
    const html = await renderPage(madeRun(largeShape), madeHistory(largeShape));
    expect(Buffer.byteLength(html)).toBeLessThan(5e6);
    await open(await write('large.html', html));
    await eventually(count).toBe('10000 results');
    expect(await page.locator('[data-row]').count()).toBeLessThan(80);
    await page.keyboard.press('End');
    await eventually(() => page.locator('[data-row]:focus').getAttribute('data-row')).toBe('9999');
    expect(await page.locator('[data-row]').count()).toBeLessThan(80);
    await page.keyboard.press('/');
    await page.keyboard.type('design-7 kasan');
    await eventually(count).toBe('500 of 10000 results');
  });
});
