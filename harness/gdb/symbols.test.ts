import { describe, expect, test } from 'vitest';
import { parseSymbols } from './symbols.ts';

const printed = `
vmlinux:     file format elf64-x86-64

SYMBOL TABLE:
0000000000000000 l    df *ABS*\t0000000000000000 rsrc.c
0000000000000000 l    d  .text\t0000000000000000 .text
000000000000003b l     F .text\t000000000000001b io_file_bitmap_clear
0000000000000010 l     O .bss\t0000000000000010 __key.0
0000000000000000 l       .rodata.str1.1\t0000000000000000 .LC0
0000000000000000 l    df *ABS*\t0000000000000000 rw.c
0000000000000020 l     F .text.unlikely\t0000000000000011 kmalloc_array.constprop.0
0000000000000000         *UND*\t0000000000000000 kfree
ffffffff81280ee2 g     F .text\t00000000000002bd .hidden io_sqe_buffers_register
ffffffff81280fff  w    F .text\t0000000000000010 arch_overrides_this
ffffffff81281fff g     F .text\t0000000000000000 a_label
0000000000001000 g     O *COM*\t0000000000000008 common
`;

describe('what objdump prints', () => {
  test('gives functions and variables of a known size, and the file of local ones', () => {
    expect(parseSymbols(printed)).toEqual([
      {
        ...{ name: 'io_file_bitmap_clear', value: 0x3bn, size: 27, section: '.text' },
        ...{ code: true, global: false, file: 'rsrc.c' },
      },
      {
        ...{ name: '__key.0', value: 0x10n, size: 16, section: '.bss' },
        ...{ code: false, global: false, file: 'rsrc.c' },
      },
      {
        ...{ name: 'kmalloc_array.constprop.0', value: 0x20n, size: 17, section: '.text.unlikely' },
        ...{ code: true, global: false, file: 'rw.c' },
      },
      {
        ...{ name: 'io_sqe_buffers_register', value: 0xffffffff81280ee2n, size: 701, section: '.text' },
        ...{ code: true, global: true, file: undefined },
      },
    ]);
  });

  test('of something else is nothing', () => {
    expect(parseSymbols('SYMBOL TABLE:\nno symbols\n')).toEqual([]);
  });
});
