import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveTree } from '../../vm/kernel/index.ts';
import { baseKernel } from '../../vm/kernel/testing.ts';
import { readLog } from '../klog/index.ts';
import { Addr2line } from './addr2line.ts';
import { functionsOf } from './c-functions.ts';
import { readElf, SymbolTable } from './elf.ts';
import { symbolized } from './symbolize.ts';
import { KernelLines } from './symbolize-kernel.ts';
import { ImageResolver } from './symbolize-vmlinux.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'symbolize-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A stand-in for a kernel image: what matters is that a compiler and a linker made it. */
const SOURCES: Readonly<Record<string, string>> = {
  'init/main.c':
    'int one(int);\nint two(int);\nint start_kernel(void)\n{\n\treturn one(1) + two(2);\n}\nint main(void)\n{\n\treturn start_kernel();\n}\n',
  'lib/one.c':
    'volatile int sink;\nstatic inline __attribute__((always_inline)) void deepest(int a)\n{\n\tsink = a;\n}\nstatic __attribute__((noinline)) int twin(int a)\n{\n\tsink++;\n\treturn a + 1;\n}\nint one(int a)\n{\n\tdeepest(a);\n\treturn twin(a) + sink;\n}\n',
  'lib/two.c':
    'extern volatile int sink;\nstatic __attribute__((noinline)) int twin(int a)\n{\n\tsink++;\n\treturn a + 1;\n}\nint two(int a)\n{\n\treturn twin(a);\n}\n',
};

async function compiled(flags: readonly string[]): Promise<string> {
  for (const [name, text] of Object.entries(SOURCES)) {
    await execa('mkdir', ['-p', path.join(dir, path.dirname(name))]);
    await writeFile(path.join(dir, name), text);
  }
  const output = path.join(dir, `vmlinux${flags.join('')}`);
  await execa('gcc', ['-O2', ...flags, ...Object.keys(SOURCES), '-o', output], { cwd: dir });
  return output;
}

describe('an image with line information', () => {
  test('gives the places of an address, with what was inlined there', async () => {
    const image = await compiled(['-g']);
    const { symbols } = await readElf(image);
    const [one] = new SymbolTable(symbols).named('one');
    await using lines = await Addr2line.open(image);
    // Questions at the same time get their own answers.
    const all = await Promise.all(
      Array.from({ length: one?.size ?? 0 }, (_, at) => lines.at((one?.value ?? 0n) + BigInt(at))),
    );
    expect(all.length).toBeGreaterThan(5);
    expect(all.every((places) => places.at(-1)?.func === 'one')).toBe(true);
    const inlined = all.find((places) => places.length === 2);
    expect(inlined?.[0]).toMatchObject({ func: 'deepest', line: 4 });
    expect(inlined?.[1]).toMatchObject({ func: 'one', line: 13 });
    expect(await lines.at(0xdeadn)).toEqual([]);
  });

  test('resolves what fits, and says why when something does not', async () => {
    const image = await compiled(['-g']);
    await using resolver = await ImageResolver.open(image);
    const table = new SymbolTable((await readElf(image)).symbols);
    const size = (name: string): number => {
      const [symbol] = table.named(name);
      return symbol === undefined ? 0 : table.length(symbol);
    };
    const ask = (func: string, printed = size(func), module?: string): ReturnType<typeof resolver.resolve> =>
      resolver.resolve({
        func,
        offset: 1,
        size: printed,
        exact: true,
        ...(module === undefined ? {} : { module }),
      });
    expect(await ask('two')).toMatchObject({ places: [{ func: 'two', file: 'lib/two.c' }] });
    expect(await ask('absent', 5)).toEqual({ problem: expect.stringContaining('absent is not in') });
    expect(await ask('two', 0x5000)).toEqual({ problem: expect.stringContaining('that is another build') });
    expect(await ask('two', size('two'), 'ext4')).toEqual({
      problem: expect.stringContaining('module ext4'),
    });
    expect(await ask('twin')).toEqual({
      problem: expect.stringMatching(/2 functions .* \(one\.c, two\.c\)/),
    });
  });

  test('an image without is refused', async () => {
    await expect(ImageResolver.open(await compiled(['-g0']))).rejects.toThrow(/no line information/);
  });
});

describe('a kernel built without line information', () => {
  test('gives lines that lie in the functions named, and does not guess', async ({ signal }) => {
    const [kernel, tree] = [await baseKernel(signal), await resolveTree('debian:6.1', { signal })];
    const table = new SymbolTable((await readElf(kernel.vmlinux)).symbols);
    const names = {
      io_issue_sqe: 'io_uring/io_uring.c',
      io_read: 'io_uring/rw.c',
      vfs_write: 'fs/read_write.c',
    };
    const frames = Object.keys(names).map((name) => {
      const [symbol] = table.named(name);
      const size = symbol === undefined ? 0 : table.length(symbol);
      return ` ${name}+0x${(size >> 1).toString(16)}/0x${size.toString(16)}\n`;
    });
    const log = `WARNING: CPU: 0 PID: 1 at io_uring/rw.c:1 io_read+0x1/0x1\nCall Trace:\n${frames.join('')} vfs_read+0x1/0xfff1\n---[ end trace 0 ]---\n`;
    const [report] = readLog(log);
    await using lines = await KernelLines.open({ tree: 'debian:6.1', profile: 'lockdep', signal });
    if (report === undefined) throw new Error('no report');
    const found = await symbolized(report, lines);
    for (const [name, file] of Object.entries(names)) {
      const at =
        found.report.traces[0]?.frames.find(({ func, inlined }) => func === name && !inlined)?.at ?? '';
      const source = (await readFile(path.join(tree.dir, file), 'utf8')).split('\n');
      const own = functionsOf(source).find((one) => one.name === name);
      expect(at.split(':')[0]).toBe(file);
      expect(Number(at.split(':')[1])).toBeGreaterThanOrEqual(own?.first ?? Infinity);
      expect(Number(at.split(':')[1])).toBeLessThanOrEqual(own?.last ?? 0);
    }
    expect(found.problems.join('\n')).toMatch(
      /vfs_read is 65521 bytes long in the log and \d+ in the kernel at hand/,
    );
  });
});
