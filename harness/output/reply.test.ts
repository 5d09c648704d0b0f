import { expect, test } from 'vitest';
import type { LoadedRun } from '../load-run.ts';
import { aMatrix, aPair, aRun, aVerdict, everyStatus, hostile } from './fixtures.ts';
import { renderRun } from './report.ts';

const tester = 'Ada Tester <ada@example.com>';
const render = (run: LoadedRun, who: string | undefined = tester): Promise<string> =>
  renderRun(run, 'markdown', { origin: 'ringtrial', tester: who });

test('an accepted patch gets its trailer, in lines that a mail can have', async () => {
  const verdict = aVerdict([
    aPair('p', 'PASS'),
    aPair('q', 'PASS', 'PASS', { observations: [{ key: 'unregister_waited', value: 'no' }] }),
  ]);
  const text = await render(aRun(verdict));
  expect(text).toMatch(/\n\nTested-by: Ada Tester <ada@example\.com>\n$/);
  expect(text).toContain('On debian-6.1.1-1 (6.1.1), profile lockdep, suite fixed-buffers (2 test\npoints)');
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72);
});

test('where git knows nobody, the trailer says what to put', async () => {
  const text = await renderRun(aRun(aVerdict([aPair('p', 'PASS')])), 'markdown', { origin: 'ringtrial' });
  expect(text).not.toMatch(/^Tested-by:/m);
  expect(text).toContain('[ Tested-by: your name and address');
});

test.each([
  ['rejected', aRun(everyStatus())],
  ['not tried everywhere', aMatrix(aVerdict([aPair('p', 'PASS')]))],
  ['inconclusive', aRun(aVerdict([aPair('p', 'PASS', 'MISS')]))],
  [
    'no patch',
    aRun(aVerdict([aPair('p', 'PASS')], [], { candidate: { name: 'base', title: '', patches: [] } })),
  ],
])('%s: no trailer', async (_, run) => {
  expect(await render(run)).not.toMatch(/-by:/);
});

test('each patch of a matrix has a part of its own', async () => {
  const other = aVerdict([aPair('p', 'PASS')], [], {
    candidate: { name: 'other', title: 'io_uring: other', patches: [{ name: '1', sha256: '' }] },
  });
  const text = await render(aMatrix(aVerdict([aPair('p', 'PASS', 'FAIL')]), other));
  expect(text.match(/io_uring: \w+/g)).toEqual(['io_uring: mine', 'io_uring: other']);
  expect(text.match(/^Tested-by/gm)).toHaveLength(1);
});

test('what others wrote stands in indented lines, and is no trailer', async () => {
  const text = await render(aRun(hostile()));
  const foreign = text
    .split('\n')
    .filter((line) => /injected|script|Somebody|From someone|everyone/.test(line));
  expect(foreign.length).toBeGreaterThan(5);
  expect(foreign.filter((line) => !line.startsWith('    '))).toEqual([]);
  expect(text).not.toMatch(/^\s*[\w-]+-by:/m);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
