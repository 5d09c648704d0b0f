import { describe, expect, test } from 'vitest';
import { type KernelReport, readLog } from '../klog/index.ts';
import type { SourcePlace } from './addr2line.ts';
import { Annotator } from './annotator.ts';
import { debugCommand } from './debug-object.ts';
import { golden } from './fixtures.ts';
import { type Resolver, refKey, refsIn, type SymbolRef, symbolized, withPlaces } from './symbolize.ts';
import { withinTree } from './symbolize-vmlinux.ts';

const [circular] = readLog(golden('inversion.console.txt')).filter(
  ({ kind }) => kind === 'lockdep.circular',
) as [KernelReport];
const [oops] = readLog(golden('forgotten.console.txt')) as [KernelReport];

const place = (func: string, file: string, line: number): SourcePlace => ({ func, file, line });
const ref = (func: string, offset: number, size: number, exact = false): SymbolRef => ({
  func,
  offset,
  size,
  exact,
});

describe('refsIn', () => {
  test('finds what a report names, each once, and leaves unconfirmed frames alone', () => {
    const refs = refsIn(circular.text);
    expect(refs).toContainEqual(ref('io_import_iovec', 0xab, 0x26b));
    expect(refs).toContainEqual(ref('io_import_iovec', 0x5d, 0x26b));
    expect(refs.filter(({ func }) => func === 'calculate_sigpending')).toEqual([]);
    expect(new Set(refs.map(refKey)).size).toBe(refs.length);
  });

  test('knows where a CPU stood from where a call returns to', () => {
    const refs = refsIn(oops.text);
    expect(refs.find(({ func }) => func === '_copy_to_iter')).toEqual(
      ref('_copy_to_iter', 0x202, 0x41e, true),
    );
    expect(refs.find(({ func }) => func === 'pipe_read')?.exact).toBe(false);
  });

  test('keeps the module, and does not ask twice what a symbolizer has answered', () => {
    expect(refsIn(' foo+0x1/0x2 [ext4]\n bar.isra.0+0x3/0x4 fs/bar.c:5\n')).toEqual([
      { ...ref('foo', 1, 2), module: 'ext4' },
    ]);
  });
});

describe('withPlaces', () => {
  const known = new Map([
    [refKey(ref('f', 1, 2)), [place('inner', 'a.h', 7), place('middle', 'a.c', 8), place('f', 'a.c', 9)]],
    [refKey(ref('f', 1, 2, true)), [place('inner', 'a.h', 7), place('f', 'a.c', 9)]],
  ]);

  test('puts inlined functions above a frame, with its prefix', () => {
    expect(withPlaces('[    1.0][   T1]  f+0x1/0x2\n', known)).toBe(
      '[    1.0][   T1]  inner a.h:7 [inline]\n[    1.0][   T1]  middle a.c:8 [inline]\n[    1.0][   T1]  f+0x1/0x2 a.c:9\n',
    );
  });

  test('names the innermost place where a line has more than a frame', () => {
    expect(withPlaces('RIP: 0010:f+0x1/0x2', known)).toBe('RIP: 0010:f+0x1/0x2 a.h:7');
    expect(withPlaces('#0: ffff8880 (&l){+.+.}-{3:3}, at: f+0x1/0x2', known)).toBe(
      '#0: ffff8880 (&l){+.+.}-{3:3}, at: f+0x1/0x2 a.h:7',
    );
    expect(withPlaces('hardirqs last  enabled at (12): [<ffffffff81000000>] f+0x1/0x2', known)).toContain(
      'f+0x1/0x2 a.h:7',
    );
  });

  test('changes nothing else', () => {
    expect(withPlaces(circular.text, known)).toBe(circular.text);
    expect(withPlaces(' ? f+0x1/0x2', known)).toBe(' ? f+0x1/0x2');
  });
});

/** Somebody who knows two functions and has a reason for the others. */
const resolver: Resolver = {
  resolve: async ({ func }) => {
    if (func === 'io_import_iovec')
      return {
        places: [place('io_rw_assign_buffer', 'io_uring/rw.c', 344), place(func, 'io_uring/rw.c', 404)],
      };
    return { problem: `${func} is unknown.` };
  },
};

describe('symbolized', () => {
  test('puts the places into text and structure, and leaves the identity as it was', async () => {
    const { report, problems } = await symbolized(circular, resolver);
    expect(report.text).toContain('io_rw_assign_buffer io_uring/rw.c:344 [inline]');
    const edge = report.lockdep?.edges.find(({ how }) => how === 'new');
    expect(edge?.acquiredIn).toBe('io_rw_assign_buffer');
    expect(report.lockdep?.wanted?.at).toMatchObject({ func: 'io_import_iovec', at: 'io_uring/rw.c:344' });
    const { signature, title, start, end, lead } = circular;
    expect(report).toMatchObject({ signature, title, start, end, lead });
    expect(problems).toContain('__mutex_lock is unknown.');
  });

  test('a report of which nothing is known stays as it is', async () => {
    const { report } = await symbolized(circular, { resolve: async () => ({ problem: 'no' }) });
    expect(report).toBe(circular);
  });
});

test('an annotator asks each thing once, and tells problems in bounds', async () => {
  const asked: string[] = [];
  const annotator = new Annotator({
    resolve: async (one) => {
      asked.push(refKey(one));
      return resolver.resolve(one);
    },
  });
  await annotator.annotate(circular);
  await annotator.annotate(circular);
  expect(new Set(asked).size).toBe(asked.length);
  expect(annotator.problems.length).toBeLessThanOrEqual(6);
  expect(annotator.problems.at(-1)).toMatch(/^No source line for \d+ more functions\.$/);
});

describe('debugCommand', () => {
  const gcc = 'gcc -Wp,-MMD,io_uring/.rw.o.d -nostdinc -Os -c -o io_uring/rw.o ../src/io_uring/rw.c ';
  test.each([
    [
      '6.1',
      `cmd_io_uring/rw.o := ${gcc} ; ./tools/objtool/objtool --stackval io_uring/rw.o\n\nsource_io_uring/rw.o := x\n`,
    ],
    ['6.3 and later', `savedcmd_io_uring/rw.o := ${gcc}\n`],
  ])("is kbuild's of %s with another output and -g", (_, record) => {
    expect(debugCommand(record, 'io_uring/rw.o', '/side/io_uring/rw.o')).toBe(
      "gcc -nostdinc -Os -c -g -o '/side/io_uring/rw.o' ../src/io_uring/rw.c",
    );
  });

  test.each([
    '',
    'cmd_io_uring/rw.o := ld -r -o io_uring/rw.o a.o b.o',
    'cmd_other.o := gcc -c -o other.o other.c',
  ])('is not made of %j', (record) => expect(debugCommand(record, 'io_uring/rw.o', 'x')).toBeUndefined());
});

test.each([
  ['/src/io_uring/../include/linux/fs.h', '/src/', 'include/linux/fs.h'],
  ['../src/./a.c', '../src/', 'a.c'],
  ['../x/a.c', '', '../x/a.c'],
  ['/elsewhere/a.c', '/src/', '/elsewhere/a.c'],
])('withinTree(%s)', (file, top, path) => expect(withinTree(file, top)).toBe(path));
