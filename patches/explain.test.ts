import { describe, expect, test } from 'vitest';
import { applySeries, type PatchDoesNotApplyError } from './apply.ts';
import { explainFile, renderFailure } from './explain.ts';
import { candidateOf, numbered, text, Workshop } from './fixtures.ts';
import { parsePatchFile } from './parse.ts';

const code = [
  'int io_prep(struct io_kiocb *req)',
  '{',
  '\tstruct io_ring_ctx *ctx = req->ctx;',
  '\tu16 index;',
  '',
  '\tif (unlikely(req->buf_index >= ctx->nr_user_bufs))',
  '\t\treturn -EFAULT;',
  '\tindex = array_index_nospec(req->buf_index, ctx->nr_user_bufs);',
  '\treq->imu = ctx->user_bufs[index];',
  '\treturn 0;',
  '}',
];
const filler = numbered(80, 'static int unrelated_function_number');
const file = [...filler.slice(0, 40), ...code, ...filler.slice(40)];

/** A patch of one hunk in a.c that replaces the line with `from` by `to`, made on `file`. */
function hunkFor(from: string, to: string): string {
  const at = file.indexOf(from);
  const part = file.slice(at - 3, at + 4).map((line) => (line === from ? `-${line}\n+${to}` : ` ${line}`));
  return `--- a/a.c\n+++ b/a.c\n@@ -${at - 2},7 +${at - 2},7 @@ int io_prep(struct io_kiocb *req)\n${part.join('\n')}\n`;
}

const patch = hunkFor('\treq->imu = ctx->user_bufs[index];', '\treq->imu = NULL;');

function explain(
  now: readonly string[] | undefined,
  others: Readonly<Record<string, readonly string[]>> = {},
) {
  const [diff] = parsePatchFile('x.patch', Buffer.from(patch)).files;
  if (!diff) throw new Error('the test patch is empty');
  const related = Object.entries(others).map(([path, lines]) => ({ path, text: text(lines) }));
  return explainFile(diff, now && text(now), related);
}

const rendered = (...args: Parameters<typeof explain>): string =>
  explain(...args)
    .flatMap(renderFailure)
    .join('\n');

describe('explainFile', () => {
  test('has nothing to say about a hunk that fits, wherever it is', () => {
    expect(explain(file)).toEqual([]);
    expect(explain(['moved', ...file])).toEqual([]);
  });

  test('says how much of a hunk is there already', () => {
    const text = hunkFor('\treq->imu = ctx->user_bufs[index];', '\treq->imu = NULL;\n+\treq->flags = 0;');
    const [diff] = parsePatchFile('x.patch', Buffer.from(text.replace(',7 @@', ',8 @@'))).files;
    if (!diff) throw new Error('the test patch is empty');
    const now = file.flatMap((line) => (line.includes('req->imu') ? ['\treq->imu = NULL;'] : [line]));
    const [failure] = explainFile(diff, `${now.join('\n')}\n`, []);
    expect(failure).toMatchObject({ reason: 'differs', addedThere: { count: 1, of: 2 } });
    expect(failure && renderFailure(failure).at(-1)).toBe(
      '  1 of the 2 lines that it adds are there already.',
    );
  });

  test('shows the closest place with a word-level difference of the context', () => {
    const now = file.map((line) =>
      line.replace('array_index_nospec(req->buf_index', 'array_index_nospec(req->slot'),
    );
    const [failure] = explain(['one', 'two', ...now]);
    expect(failure).toMatchObject({ file: 'a.c', reason: 'differs', lookedForAt: 46 });
    expect(failure?.closest).toMatchObject({ line: 48, agree: 5, wanted: 6 });
    expect(failure && renderFailure(failure)).toEqual([
      'a.c: @@ -46,7 +46,7 @@ int io_prep(struct io_kiocb *req)',
      '  looked for at line 46; the closest place is line 48, where 5 of 6 lines agree:',
      '      \tif (unlikely(req->buf_index >= ctx->nr_user_bufs))',
      '      \t\treturn -EFAULT;',
      '    ~ \tindex = array_index_nospec(req->[-buf_index-]{+slot+}, ctx->nr_user_bufs);',
      '      \treq->imu = ctx->user_bufs[index];',
      '      \treturn 0;',
      '    (~ [-the patch-]{+the file+})',
    ]);
  });

  test('tells lines that only one side has', () => {
    const at = file.indexOf('\treq->imu = ctx->user_bufs[index];');
    const now = file
      .toSpliced(at, 0, '\tio_req_set_rsrc_node(req, ctx, 0);')
      .filter((line) => line !== '\t\treturn -EFAULT;');
    const lines = rendered(now);
    expect(lines).toContain('    + \tio_req_set_rsrc_node(req, ctx, 0);');
    expect(lines).toContain('    - \t\treturn -EFAULT;');
  });

  test('says so when only white space differs', () => {
    const now = file.map((line) => line.replaceAll('\t', '        '));
    expect(explain(now)).toMatchObject([{ reason: 'differs', closest: { agree: 6, wanted: 6 } }]);
    expect(rendered(now)).toContain('(white space differs)');
  });

  test('recognises a hunk that is already applied', () => {
    const now = ['x', ...file].map((line) => (line.includes('req->imu =') ? '\treq->imu = NULL;' : line));
    expect(explain(now)).toMatchObject([{ reason: 'already-applied', appliedAt: 47 }]);
    expect(rendered(now)).toContain('is already applied: what it makes stands at line 47.');
  });

  test('finds the code in another file when its own is gone, or has nothing like it', () => {
    const others = { 'io_uring/net.c': filler, 'io_uring/rw.c': ['moved', ...file] };
    const place = { elsewhere: { path: 'io_uring/rw.c', place: { line: 47 } } };
    expect(explain(undefined, others)).toMatchObject([
      { reason: 'missing-file', movedTo: ['io_uring/'], ...place },
    ]);
    expect(explain(filler, others)).toMatchObject([{ reason: 'nowhere', ...place }]);
    expect(rendered(undefined, others)).toContain(
      'The closest code is in io_uring/rw.c, line 47, where all 6 lines agree',
    );
  });

  test('passes no control sequence on to a terminal', () => {
    const now = file.map((line) => line.replace('return -EFAULT;', 'return \u001b]0;title\u0007-EFAULT;'));
    const lines = rendered(now);
    expect(lines).toContain('title');
    expect(lines).not.toMatch(/[\u001b\u0007]/);
  });

  test('gives up on a comparison that nobody would read, soon', () => {
    const many = numbered(40_000, 'old').map((line) => `-${line}`);
    const long = `--- a/a.c\n+++ b/a.c\n@@ -1,40000 +0,0 @@\n${many.join('\n')}\n`;
    const [diff] = parsePatchFile('x.patch', Buffer.from(long)).files;
    const failures = diff ? explainFile(diff, text(numbered(40_000, 'other')), []) : [];
    expect(failures.flatMap(renderFailure).join('\n')).toContain('too long to be compared');
  });

  test('does not take a coincidence for a place', () => {
    expect(rendered(filler)).toContain('looked for at line 46; the file has nothing like it.');
    expect(explain([])).toMatchObject([{ reason: 'nowhere' }]);
  });
});

describe('a series that does not apply', () => {
  const failing = async (
    tree: Record<string, string>,
    ...patches: string[]
  ): Promise<PatchDoesNotApplyError> => {
    await using shop = await Workshop.open();
    return await applySeries(await shop.tree('tree', tree), candidateOf(...patches)).then(
      () => {
        throw new Error('it applied');
      },
      (error: PatchDoesNotApplyError) => error,
    );
  };

  test('names the patch, each hunk, and what the file has instead', async () => {
    const now = text(file)
      .replace('u16 index;', 'u32 index;')
      .replace('nospec(req->buf_index', 'nospec(req->slot');
    const error = await failing({ 'a.c': now }, patch);
    expect(error).toMatchObject({ code: 'PATCH_DOES_NOT_APPLY', exitCode: 2, patch: '1.patch' });
    expect(error.message).toMatch(/^1\.patch does not apply \(1 of 1 hunks\)\.\na\.c: @@ -46,7 /);
    expect(error.message).toContain('req->[-buf_index-]{+slot+}');
  });

  test('a patch that is in the series twice is already applied', async () => {
    const error = await failing({ 'a.c': text(file) }, patch, patch);
    expect(error).toMatchObject({ patch: '2.patch', failures: [{ reason: 'already-applied' }] });
  });

  test('a patch for fs/io_uring.c on a tree that has io_uring/', async () => {
    const tree = {
      'io_uring/rw.c': text(['moved', ...file]),
      'io_uring/net.c': 'int x;\n',
      'fs/other.c': 'int y;\n',
    };
    const error = await failing(tree, patch.replaceAll('/a.c', '/fs/io_uring.c'));
    expect(error.failures).toMatchObject([{ reason: 'missing-file', elsewhere: { path: 'io_uring/rw.c' } }]);
    expect(error.message).toContain('the tree has no such file. Its code may be below io_uring/ there.');
  });

  test('any other missing file is looked for under its name', async () => {
    const error = await failing(
      { 'drivers/new/a.c': text(file) },
      patch.replaceAll('/a.c', '/drivers/old/a.c'),
    );
    expect(error.failures).toMatchObject([{ elsewhere: { path: 'drivers/new/a.c' } }]);
  });

  test('a file to be created that is there already', async () => {
    const create =
      'diff --git a/n.c b/n.c\nnew file mode 100644\n--- /dev/null\n+++ b/n.c\n@@ -0,0 +1 @@\n+x\n';
    const error = await failing({ 'n.c': 'y\n' }, create);
    expect(error.failures).toMatchObject([{ reason: 'file-exists' }]);
    expect(error.message).toContain('the patch creates this file, but the tree has it already');
  });

  test("git's own words when only git knows the reason", async () => {
    const overlapping = `${patch}${patch.slice(patch.indexOf('@@'))}`;
    const error = await failing({ 'a.c': text(file) }, overlapping);
    expect(error.message).toContain('error: patch failed: a.c:46');
  });
});
