import { describe, expect, test } from 'vitest';
import { loadCandidate } from '../../patches/index.ts';
import { parsePatchFile } from '../../patches/parse.ts';
import { changesOfDiffs, changesOfFiles, lastWord } from './changes.ts';

const ofCandidate = async (name: string): Promise<ReturnType<typeof changesOfDiffs>> => {
  const { patches } = await loadCandidate(name);
  return changesOfDiffs(patches.flatMap(({ name, bytes }) => parsePatchFile(name, bytes).files));
};
const names = ({ functions }: ReturnType<typeof changesOfDiffs>): string[] =>
  functions.map(({ name }) => name).toSorted();

describe('what a diff tells by itself', () => {
  test('changed functions of the stored candidates', async () => {
    expect(names(await ofCandidate('2-lookup-under-uring-lock'))).toEqual([
      '__io_import_iovec',
      'io_prep_rw',
      'io_rw_assign_buffer',
    ]);
    expect(names(await ofCandidate('mutants/uring-lock-inversion'))).toEqual([
      '__io_import_iovec',
      '__io_sqe_buffers_update',
      'io_prep_rw',
      'io_ring_ctx_alloc',
      'io_rw_assign_buffer',
      'io_sqe_buffers_register',
      'io_sqe_buffers_unregister',
    ]);
  });

  test('locks that it brings and takes', async () => {
    const { ownLocks, takenLocks } = await ofCandidate('mutants/uring-lock-inversion');
    expect([...ownLocks]).toEqual(['buf_table_lock']);
    expect([...takenLocks]).toEqual(['buf_table_lock']);
    expect([...(await ofCandidate('mutants/quiesce-forgotten')).ownLocks]).toEqual([]);
  });

  test('a hunk that begins between two functions does not change the one above', () => {
    const patch = [
      '--- a/x.c',
      '+++ b/x.c',
      '@@ -10,6 +10,10 @@ static int above(void)',
      ' ',
      ' /* what follows */',
      ' ',
      '+static int fresh(void)',
      '+{',
      '+	return 0;',
      '+}',
      ' static int below(void)',
      ' {',
      ' 	return 1;',
      '',
    ].join('\n');
    expect(names(changesOfDiffs(parsePatchFile('x', Buffer.from(patch)).files))).toEqual(['fresh']);
  });
});

describe('what two versions of a file tell', () => {
  const before =
    'int a(void)\n{\n\treturn 1;\n}\n\nint b(void)\n{\n\treturn a();\n}\n\nint c(void)\n{\n\treturn b();\n}\n';
  const after = before.replace('return 1', 'mutex_lock(&ctx->fresh_lock);\n\treturn 2');

  test('the function, its lines, and who may have it inlined, two calls deep', () => {
    const changes = changesOfFiles([{ path: 'x.c', before, after }]);
    expect(changes.functions).toEqual([{ name: 'a', file: 'x.c' }]);
    expect([...(changes.addedLines.get('x.c') ?? [])]).toEqual([3, 4]);
    expect(changes.callers).toEqual(
      new Map([
        ['b', ['a']],
        ['c', ['a']],
      ]),
    );
    expect([...changes.takenLocks]).toEqual(['fresh_lock']);
  });

  test('a removed function and a new file', () => {
    const gone = before.replace(/int c[^]*$/, '');
    expect(changesOfFiles([{ path: 'x.c', before, after: gone }]).functions).toEqual([
      { name: 'c', file: 'x.c' },
    ]);
    const fresh = changesOfFiles([{ path: 'y.c', before: null, after: before }]);
    expect(names(fresh)).toEqual(['a', 'b', 'c']);
  });
});

test.each([
  ['&ctx->uring_lock', 'uring_lock'],
  ['rtnl_mutex', 'rtnl_mutex'],
  ['&(&ssp->work)->timer', 'timer'],
  ['(work_completion)(&ctx->exit_work)', 'exit_work'],
  ['', ''],
])('lastWord(%s)', (expression, word) => expect(lastWord(expression)).toBe(word));
