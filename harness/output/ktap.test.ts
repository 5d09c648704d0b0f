import { expect, test } from 'vitest';
import { type KtapPoint, parseKtap } from '../ktap.ts';
import type { LoadedRun } from '../load-run.ts';
import { aMatrix, aPair, aRun, aVerdict, everyStatus, hostile } from './fixtures.ts';
import { renderRun } from './report.ts';

const render = (run: LoadedRun): Promise<string> => renderRun(run, 'ktap', { origin: 'ringtrial' });

/** All results of all levels, with the path to them. Throws when a level is no sound document. */
const read = (text: string): Result[] => level(text.replaceAll(/^ *#.*\n/gm, ''), '');

type Result = KtapPoint & { readonly path: string };

function level(text: string, place: string): Result[] {
  const { present, planned, points, problems, trailing } = parseKtap(text);
  expect({ place, present, problems, trailing }).toEqual({
    place,
    present: true,
    problems: [],
    trailing: [],
  });
  expect(points.length).toBe(planned);
  return points.flatMap((point) => {
    const path = `${place}/${point.name}`;
    const below = point.diagnostics.filter((line) => line.startsWith('  ')).map((line) => line.slice(2));
    return [{ ...point, path }, ...(below.length > 0 ? level(below.join('\n'), path) : [])];
  });
}

test('our own parser reads it back: trials, programs, points', async () => {
  const text = await render(aRun(everyStatus()));
  const results = read(text);
  const id = '/mine@debian:6.1/lockdep/fixed-buffers';
  expect(results.map(({ path, status }) => [path, status])).toEqual([
    [id, 'FAIL'],
    [`${id}/passes`, 'PASS'],
    [`${id}/passes/x`, 'PASS'],
    [`${id}/fails`, 'FAIL'],
    [`${id}/fails/x`, 'FAIL'],
    [`${id}/breaks`, 'ERROR'],
    [`${id}/breaks/x`, 'ERROR'],
    [`${id}/vanishes`, 'FAIL'],
    [`${id}/vanishes/x`, 'FAIL'],
    [`${id}/skips`, 'SKIP'],
    [`${id}/skips/x`, 'SKIP'],
    [`${id}/known`, 'PASS'],
    [`${id}/known/x`, 'PASS'],
    [`${id}/trial`, 'FAIL'],
    [`${id}/trial/verdict`, 'FAIL'],
  ]);
  expect(text).toContain('not ok 1 x # MISS connection lost\n');
  expect(text).toContain('ok 1 x # XFAIL base fails, too: as always\n');
});

test('a trial that nobody has run is not ok', async () => {
  const text = await render(aMatrix(aVerdict([aPair('p', 'PASS')])));
  expect(read(text)).toHaveLength(8);
  expect(text).toMatch(/^ok 1 mine@debian:6\.1\/lockdep\/fixed-buffers$/m);
  expect(text).toMatch(
    /^not ok 2 mine@debian:7\.2\/kasan\/fixed-buffers # MISS no verdict: its kernel was never built$/m,
  );
});

test('nothing that a guest wrote becomes a result, a plan or a directive', async () => {
  const text = await render(aRun(hostile()));
  const names = read(text).map(({ path }) => path.split('/').at(-1));
  expect(names.filter((name) => name?.startsWith('injected'))).toEqual([]);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  expect(text).toMatch(/ok 2 _ TODO ::error:: # SKIP /);
});
