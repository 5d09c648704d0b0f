import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { LoadedRun } from '../load-run.ts';
import { aMatrix, aPair, aRun, aVerdict, everyStatus, hostile } from './fixtures.ts';
import { renderRun } from './report.ts';

const schema = readFile(new URL('junit.xsd', import.meta.url), 'utf8');
const render = (run: LoadedRun): Promise<string> => renderRun(run, 'junit', { origin: 'ringtrial' });

/** What libxml2 says is wrong with it, by the schema. */
async function problemsOf(contents: string): Promise<readonly string[]> {
  const result = await validateXML({ xml: { fileName: 'report.xml', contents }, schema: await schema });
  return result.errors.map(({ message }) => message);
}

test('the check itself sees what is wrong', async () => {
  expect(await problemsOf('<testsuites tests="1"/>')).not.toEqual([]);
  expect(await problemsOf('<testsuites>\u0001</testsuites>')).not.toEqual([]);
});

test('every status has its own element, and MISS is an error', async () => {
  const xml = await render(aRun(everyStatus()));
  expect(await problemsOf(xml)).toEqual([]);
  expect(xml).toContain('tests="7" failures="2" errors="2" skipped="2"');
  expect(xml).toMatch(/classname="vanishes" name="x"><error message="connection lost" type="MISS">/);
  expect(xml).toMatch(/classname="breaks" name="x"><error message="mmap failed" type="ERROR">/);
  expect(xml).toMatch(/classname="fails" name="x"><failure message="expected 0, saw 1" type="FAIL">/);
  expect(xml).toMatch(/classname="known" name="x"><skipped message="base fails, too: as always"\/>/);
  expect(xml).toMatch(/classname="trial" name="verdict"><failure /);
});

test('a trial that nobody has run is an error', async () => {
  const xml = await render(aMatrix(aVerdict([aPair('p', 'PASS')])));
  expect(await problemsOf(xml)).toEqual([]);
  expect(xml).toMatch(/<testsuites [^>]*tests="3" failures="0" errors="1"/);
  expect(xml).toContain('<error message="no verdict: its kernel was never built" type="MISS"');
});

test('hostile text stays text', async () => {
  const xml = await render(aRun(hostile()));
  expect(await problemsOf(xml)).toEqual([]);
  expect(xml).toContain(']]&gt; &lt;/system-out&gt;&lt;x a=');
  expect(xml).not.toMatch(/[\u0000-\u0008\u001b\ufffe\uffff]/);
});

test('megabytes of output become its beginning and its end', async () => {
  const long = { reason: 'r'.repeat(3e6), diagnostics: ['first', 'x'.repeat(5e6), '😀'.repeat(1e6), 'last'] };
  const xml = await render(aRun(aVerdict([aPair('p', 'PASS', 'FAIL', long)])));
  expect(await problemsOf(xml)).toEqual([]);
  expect(xml.length).toBeLessThan(40_000);
  expect(xml).toMatch(/first\n[^]*characters left out[^]*last<\/failure>/);
});

test('whatever a test says, libxml2 reads it', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const given = fc.array(fc.tuple(text, text), { minLength: 80, maxLength: 80 });
  // One document for many texts: to start libxml2 takes longer than to read it.
  await fc.assert(
    fc.asyncProperty(given, async (texts) => {
      const points = texts.map(([reason, said], index) =>
        aPair(`p${index}`, 'PASS', 'FAIL', { reason, diagnostics: [said] }),
      );
      expect(await problemsOf(await render(aRun(aVerdict(points))))).toEqual([]);
    }),
    { numRuns: 3 },
  );
});
