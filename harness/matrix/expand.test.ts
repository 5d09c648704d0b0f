import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadCandidate } from '../../patches/index.ts';
import { expand, restored } from './expand.ts';
import { type MatrixFile, matrixFileSchema, matrixJsonSchema } from './file.ts';
import { checkMatrix, loadMatrixFile } from './load-file.ts';
import { baseKey, planDigest, planSchema, shardOf } from './plan.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-matrix-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const expanded = (matrix: MatrixFile) =>
  expand(checkMatrix(matrix, { file: 'm.json', name: 'm', directory: scratch }));
const ids = async (matrix: MatrixFile): Promise<string[]> =>
  (await expanded(matrix)).trials.map(({ id }) => id);
const refused = (matrix: unknown): unknown => {
  try {
    return checkMatrix(matrix, { file: 'm.json', name: 'm', directory: scratch });
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a matrix file', () => {
  test('is every candidate on every tree, in every profile, under every suite', async () => {
    const all = await ids({
      candidates: ['base', 'quiesce-all'],
      trees: ['debian:6.1', 'debian:7.2'],
      profiles: ['lockdep', 'kasan'],
    });
    expect(all).toHaveLength(8);
    expect(all[1]).toBe('quiesce-all@debian:6.1/lockdep/fixed-buffers');
  });

  test('leaves out what exclude says, adds include, and groups what shares a base', async () => {
    const all = await ids({
      candidates: ['base', 'quiesce-all'],
      trees: ['debian:6.1', 'debian:7.2'],
      exclude: [{ candidate: 'q*', tree: 'debian:7.2' }],
      include: [{ candidate: 'mutants/uring-lock-inversion' }],
    });
    expect(all).toEqual([
      'base@debian:6.1/lockdep/fixed-buffers',
      'quiesce-all@debian:6.1/lockdep/fixed-buffers',
      'mutants/uring-lock-inversion@debian:6.1/lockdep/fixed-buffers',
      'base@debian:7.2/lockdep/fixed-buffers',
    ]);
  });

  test('settings: the nearer ones win', async () => {
    const { trials } = await expanded({
      candidates: ['base', { candidate: 'quiesce-all', repeat: 3 }],
      suites: [{ suite: 'fixed-buffers', repeat: 2, only: ['memory-returned'] }],
      strict: true,
      overrides: [{ match: { candidate: ['x', 'quiesce-*'] }, strict: false }],
    });
    expect(trials.map(({ settings }) => settings)).toEqual([
      { repeat: 2, only: ['memory-returned'], strict: true },
      { repeat: 3, only: ['memory-returned'], strict: false },
    ]);
  });

  test('what lies beside the file is meant by it', async () => {
    writeFileSync(path.join(scratch, 'mine.patch'), patch);
    const { trials, candidates } = await expanded({ candidates: ['./mine.patch', 'mine.patch'].slice(0, 1) });
    expect(trials[0]?.id).toBe('mine@debian:6.1/lockdep/fixed-buffers');
    expect(candidates['mine']?.patches).toEqual([{ name: 'mine.patch', text: patch }]);
  });

  test('TypeScript is run, JSON is read, and both give the same plan', async () => {
    const content = { name: 'same', candidates: ['base'], trees: ['debian:6.12'] };
    writeFileSync(
      path.join(scratch, 'a.ts'),
      `const x: object = ${JSON.stringify(content)};\nexport default x;\n`,
    );
    writeFileSync(
      path.join(scratch, 'a.json'),
      JSON.stringify({ $schema: './matrix.schema.json', ...content }),
    );
    const [a, b] = await Promise.all(
      ['a.ts', 'a.json'].map(async (name) => await expand(await loadMatrixFile(path.join(scratch, name)))),
    );
    expect(a).toEqual(b);
    expect(planDigest(planSchema.parse(JSON.parse(JSON.stringify(a))))).toBe(
      planDigest(b as typeof planSchema._output),
    );
  });
});

describe('a matrix that is refused', () => {
  test.each([
    [{ candidates: ['base'], repeet: 3 }, /Unrecognized key: "repeet"/],
    [{ candidates: ['base', { candidate: 'x', onyl: [] }] }, /candidates\[1\]: Unrecognized key: "onyl"/],
    [
      { candidates: ['base', 7] },
      /candidates\[1\]: .*expected string, received number, or .*expected object/,
    ],
    [{ candidates: ['base'], repeat: 0 }, /repeat: /],
    [
      { candidates: [{ candidate: 'base', repeat: 'often' }] },
      /candidates\[0\]\.repeat: .*expected number, received string, or .*"auto"/,
    ],
    [{}, /names no candidate/],
    [[], /the file: /],
  ])('%j', (matrix, message) => expect(refused(matrix)).toMatch(message));

  test.each<[MatrixFile, RegExp]>([
    [{ candidates: ['base', 'base'] }, /Two trials are called base@/],
    [{ candidates: ['base'], exclude: [{ tree: 'debian:5.10' }] }, /exclude\[0\] matches no trial/],
    [{ candidates: ['base'], exclude: [{}] }, /Nothing is left/],
    [{ candidates: ['base'], overrides: [{ match: { suite: 'x' } }] }, /overrides\[0\] matches no trial/],
    [{ candidates: ['quiesce-al'] }, /Did you mean quiesce-all/],
    [{ candidates: ['base'], profiles: ['lokdep'] }, /Did you mean 'lockdep'/],
    [{ candidates: ['base'], suites: ['nothing'] }, /no suite "nothing"/],
  ])('%j', async (matrix, message) => await expect(ids(matrix)).rejects.toThrow(message));

  test.each([
    ['no.ts', undefined, /cannot be loaded/],
    ['none.json', undefined, /There is no file/],
    ['half.json', '{"candidates": [', /cannot be read as JSON/],
    ['named.ts', 'export const matrix = {};', /has no default export/],
    ['throws.ts', 'throw new Error("too bad"); export default {};', /too bad/],
  ])('the file %s', async (name, text, message) => {
    if (text !== undefined) writeFileSync(path.join(scratch, name), text);
    await expect(loadMatrixFile(path.join(scratch, name))).rejects.toThrow(message);
  });
});

test('a candidate comes out of a plan as it went in, whatever its bytes', async () => {
  writeFileSync(
    path.join(scratch, 'latin1.patch'),
    Buffer.from(patch.replace('two', 'zw\u00f6lf'), 'latin1'),
  );
  const { candidates } = await expanded({ candidates: ['./latin1.patch'] });
  const before = await loadCandidate(path.join(scratch, 'latin1.patch'));
  const stored = candidates['latin1'];
  const after = stored && restored('latin1', stored);
  expect(after?.patches.map(({ bytes }) => Buffer.from(bytes))).toEqual(
    before.patches.map(({ bytes }) => Buffer.from(bytes)),
  );
});

test('trials share a base when their guests are alike; strict is no matter of guests', async () => {
  const { trials } = await expanded({
    candidates: [
      'base',
      { candidate: 'quiesce-all', strict: true },
      { candidate: '1-select-at-submission', repeat: 2 },
    ],
  });
  const [a, b, c] = trials.map(baseKey);
  expect(a).toBe(b);
  expect(c).not.toBe(a);
});

test('shards are all trials, each once, and neighbours', () => {
  const trials = Array.from({ length: 10 }, (_, index) => index);
  for (const count of [1, 2, 3, 7, 10, 12]) {
    const shards = Array.from({ length: count }, (_, index) => shardOf(trials, { index: index + 1, count }));
    expect(shards.flat()).toEqual(trials);
    expect(
      Math.max(...shards.map(({ length }) => length)) - Math.min(...shards.map(({ length }) => length)),
    ).toBeLessThanOrEqual(1);
  }
});

test('the JSON Schema knows the keys, and refuses others', () => {
  const schema = matrixJsonSchema() as { properties: object; additionalProperties: boolean };
  expect(Object.keys(schema.properties)).toEqual(Object.keys(matrixFileSchema.shape));
  expect(schema.additionalProperties).toBe(false);
});

const patch = `diff --git a/io_uring/nop.c b/io_uring/nop.c
--- a/io_uring/nop.c
+++ b/io_uring/nop.c
@@ -1,3 +1,3 @@
 one
-two
+2
 three
`;
