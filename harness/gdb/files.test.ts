import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { copySources, filesOfRecord } from './copied-sources.ts';
import { selected } from './debug-files.ts';
import { gdbCommand, gdbScript } from './script.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'gdb-files-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const record = `cmd_io_uring/rsrc.o := gcc -c -o io_uring/rsrc.o ${dir}/src/io_uring/rsrc.c

source_io_uring/rsrc.o := ${dir}/src/io_uring/rsrc.c

deps_io_uring/rsrc.o := \\
    $(wildcard include/config/COMPAT) \\
  ${dir}/src/io_uring/rsrc.h \\
  include/generated/bounds.h \\
  /usr/lib/gcc/stddef.h \\

io_uring/rsrc.o: $(deps_io_uring/rsrc.o)
`;

describe("kbuild's record of an object", () => {
  test('names the source and every header', () => {
    expect(filesOfRecord(record, 'io_uring/rsrc.o')).toEqual([
      `${dir}/src/io_uring/rsrc.c`,
      `${dir}/src/io_uring/rsrc.h`,
      'include/generated/bounds.h',
      '/usr/lib/gcc/stddef.h',
    ]);
    expect(filesOfRecord(record, 'io_uring/rw.o')).toEqual([]);
    expect(filesOfRecord('', 'io_uring/rsrc.o')).toEqual([]);
  });

  test('leads to a copy of the sources that later edits leave alone', async () => {
    const build = { sourceDir: path.join(dir, 'src'), buildDir: path.join(dir, 'build') };
    for (const [name, text] of [
      ['src/io_uring/rsrc.c', 'the source'],
      ['src/io_uring/rsrc.h', 'a header'],
      ['build/include/generated/bounds.h', 'generated'],
      ['build/io_uring/.rsrc.o.cmd', record],
    ] as const) {
      mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
      writeFileSync(path.join(dir, name), text);
    }
    const copy = path.join(dir, 'copy');
    await copySources(['io_uring/rsrc.o', 'io_uring/absent.o'], build, copy);
    writeFileSync(path.join(copy, 'io_uring/rsrc.c'), 'edited');
    expect(readFileSync(path.join(dir, 'src/io_uring/rsrc.c'), 'utf8')).toBe('the source');
    expect(readFileSync(path.join(copy, 'io_uring/rsrc.h'), 'utf8')).toBe('a header');
    expect(readFileSync(path.join(copy, 'include/generated/bounds.h'), 'utf8')).toBe('generated');
    expect(existsSync(path.join(copy, 'usr'))).toBe(false);
  });
});

describe('the objects that are wanted', () => {
  const all = [
    'fs/read_write.o',
    'io_uring/rw.o',
    'io_uring/rsrc.o',
    'io_uring_cmd.o',
    'io_uring/rw.o',
    'io_uring/new.h',
  ];
  test.each([
    [['io_uring'], ['io_uring/rsrc.o', 'io_uring/rw.o']],
    [['io_uring/'], ['io_uring/rsrc.o', 'io_uring/rw.o']],
    [
      ['fs/read_write.o', 'io_uring/rw.o'],
      ['fs/read_write.o', 'io_uring/rw.o'],
    ],
    [['io_ur'], []],
  ])('%j', (wanted, expected) => {
    expect(selected(all, wanted)).toEqual(expected);
  });
});

describe('what gdb is told', () => {
  const debug = {
    sources: '/cache/src',
    objects: [
      {
        object: 'io_uring/rsrc.o',
        file: '/a cache/rsrc.o',
        sections: [
          { section: '.text', address: '0xffffffff8127f80e' },
          { section: '.bss', address: '0xffffffff83ce8820' },
        ],
      },
    ],
    leftOut: [],
  };

  test('is where each section of each object is, and where QEMU listens', () => {
    const lines = gdbScript({ debug, socket: '/tmp/guest/gdb' }).split('\n');
    expect(lines[0]).toBe(
      'pipe add-symbol-file "/a cache/rsrc.o" -s .text 0xffffffff8127f80e -s .bss 0xffffffff83ce8820 | cat > /dev/null',
    );
    expect(lines[2]).toBe('target remote /tmp/guest/gdb');
  });

  test('comes as one line for a shell', () => {
    expect(gdbCommand("/tmp/it's/attach.gdb", '/k/vmlinux')).toBe(
      "gdb -q -x '/tmp/it'\\''s/attach.gdb' /k/vmlinux",
    );
  });
});
