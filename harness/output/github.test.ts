import { expect, test } from 'vitest';
import type { LoadedRun } from '../load-run.ts';
import { aMatrix, aPair, aRun, aVerdict, everyStatus, hostile } from './fixtures.ts';
import { withoutCommands } from './github.ts';
import { githubSummary } from './github-summary.ts';
import { renderRun } from './report.ts';

const render = (run: LoadedRun): Promise<string> => renderRun(run, 'github', { origin: 'ringtrial' });

/** As GitHub's runner reads a step's output: the commands, unescaped. */
const commandsOf = (text: string) =>
  [...text.matchAll(/^\s*::(\w+) ([^]*?)::(.*)$/gm)].map(([, level, properties = '', message = '']) => ({
    level,
    properties: Object.fromEntries(properties.split(',').map((pair) => pair.split('=').map(unescaped))),
    message: unescaped(message),
  }));

const unescaped = (text: string): string =>
  text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');

test('what decided is an error, what could not be told a warning', async () => {
  const commands = commandsOf(await render(aRun(everyStatus())));
  expect(commands.map(({ level, properties }) => [level, properties['title']])).toEqual([
    ['error', 'mine@debian:6.1/lockdep/fixed-buffers'],
    ['error', 'fails.x (mine@debian:6.1/lockdep/fixed-buffers)'],
    ['warning', 'breaks.x (mine@debian:6.1/lockdep/fixed-buffers)'],
    ['warning', 'vanishes.x (mine@debian:6.1/lockdep/fixed-buffers)'],
    ['warning', 'known.x (mine@debian:6.1/lockdep/fixed-buffers)'],
  ]);
});

test('a compiler error stands at its line', async () => {
  const buildError = { file: 'io_uring/a,b:c.c', line: 7, message: 'no', patch: null, log: '/log' };
  const verdict = aVerdict([], [], { verdict: 'rejected', summary: '100% wrong', buildError, kernels: {} });
  const text = await render(aRun({ ...verdict, reasons: [] }));
  expect(text).toBe(
    '::error file=io_uring/a%2Cb%3Ac.c,line=7,title=mine@debian%3A6.1/lockdep/fixed-buffers::100%25 wrong\n',
  );
});

test('a trial that nobody has run is an error', async () => {
  const [missing, accepted] = commandsOf(await render(aMatrix(aVerdict([aPair('p', 'PASS')]))));
  expect([missing?.level, missing?.message]).toEqual(['error', 'no verdict: its kernel was never built']);
  expect([accepted?.level, accepted?.message]).toEqual(['notice', 'accepted']);
});

test('no guest writes a command', async () => {
  const text = await render(aRun(hostile()));
  expect(commandsOf(text).filter(({ properties }) => properties['file'] !== undefined)).toEqual([]);
  expect(
    text
      .trimEnd()
      .split('\n')
      .every((line) => /^::(error|warning|notice) title=/.test(line)),
  ).toBe(true);
  expect(withoutCommands('a\n  ::error::b\n x ##[command]y')).not.toMatch(/^\s*::|##\[/m);
  expect(withoutCommands('kernel::mm a::b')).toBe('kernel::mm a::b');
});

test('of more than GitHub shows the last one says how many there are', async () => {
  const points = Array.from({ length: 40 }, (_, index) => aPair(`p${index}`, 'PASS', 'FAIL'));
  const commands = commandsOf(await render(aRun(aVerdict(points))));
  const errors = commands.filter(({ level }) => level === 'error');
  expect(errors).toHaveLength(10);
  expect(errors.at(-1)?.message).toBe('and 32 more, in the report of the run');
});

test('the page of the step holds what others wrote as code only', () => {
  const page = githubSummary(aRun(hostile()));
  const outside = page
    .replaceAll(/^(`{3,})text\n[^]*?\n\1$/gm, '')
    .replaceAll(/(?<!`)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, '');
  expect(outside).toContain('### Ringtrial:');
  expect(outside).not.toMatch(/<(?!\/?(details|summary)>)|\*\*|\]\(|@everyone/);
  expect(page).not.toContain('\u001b');
});

test('a page that would be too long ends with a word about that', () => {
  const title = 'x'.repeat(900);
  const reports = Array.from({ length: 100 }, () => ({ title, text: 'y'.repeat(20_000) }));
  const page = githubSummary(aRun(aVerdict([], reports)));
  expect(Buffer.byteLength(page)).toBeLessThan(1024 * 1024);
  expect(page).toMatch(/The rest is too long for this page/);
});
