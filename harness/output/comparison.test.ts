import { expect, test } from 'vitest';
import { compareRuns } from '../compare-runs.ts';
import { comparisonMarkdown } from './comparison.ts';
import { aPair, aRun, aVerdict, hostile } from './fixtures.ts';

test('what changed, worst first, and nothing of it is Markdown', () => {
  const text = comparisonMarkdown(compareRuns(aRun(aVerdict([aPair('evil', 'PASS')])), aRun(hostile())));
  expect(text).toMatch(
    /^1 trial compared: \d got worse, \d could not be told, 0 got better\.\n\n### Worse\n/,
  );
  expect(text).toContain('| `evil.x` | ');
  const outside = text.replaceAll(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
  expect(outside).not.toMatch(/<|\*\*|\]\(|@everyone|Tested-by/);
});

test('where nothing changed it says so', () => {
  const run = aRun(aVerdict([aPair('p', 'PASS')]));
  expect(comparisonMarkdown(compareRuns(run, run))).toBe(
    '1 trial compared: 0 got worse, 0 could not be told, 0 got better.\n',
  );
});
