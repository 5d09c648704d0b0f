import { describe, expect, test } from 'vitest';
import { parseFrame, parsePointer, parseTraces, readRow } from './trace.ts';

describe('parseFrame', () => {
  test.each([
    [' io_take+0x12/0x40', 'io_take', false],
    [' ? io_take+0x12/0x40', 'io_take', true],
    [' [<ffffffff81000010>] io_take+0x12/0x40', 'io_take', false],
    [' [<ffffffff81000010>] ? io_take+0x12/0x40', 'io_take', true],
    [' io_take.isra.0+0x12/0x40 [ring 0123abcd]', 'io_take.isra.0', false],
    ['[c00000003ae5b800] [c00000000135c19c] io_take+0x12/0x40 (unreliable)', 'io_take', true],
    ['[<80c1e5e8>] (__schedule) from [<80c1eb20>] (io_take+0x60/0xdc)', 'io_take', false],
    [' __schedule from io_take+0x60/0xdc', 'io_take', false],
    [' io_take+0x12/0x40 io_uring/rw.c:7', 'io_take', false],
  ])('reads %j', (line, func, unreliable) => {
    expect(parseFrame(line)).toMatchObject({ func, unreliable, inlined: false });
  });

  test('reads offset, size, module and source', () => {
    expect(parseFrame(' a+0x1f/0x20 [m]')).toMatchObject({ offset: 31, size: 32, module: 'm' });
    expect(parseFrame(' a+0x1f/0x20 fs/a.c:9')).toMatchObject({ at: 'fs/a.c:9' });
    expect(parseFrame(' b fs/b.c:3 [inline]')).toEqual({
      func: 'b',
      at: 'fs/b.c:3',
      inlined: true,
      unreliable: false,
    });
  });

  test('takes other lines for none', () => {
    for (const line of [
      'Call Trace:',
      'RIP: 0010:a+0x1/0x2',
      ' #0: ffff (a){....}, at: b+0x1/0x2',
      'RAX: 0000000000000000',
      '[<0>]',
    ])
      expect(parseFrame(line)).toBeUndefined();
  });
});

describe('parsePointer', () => {
  test.each([
    'RIP: 0010:io_take+0x12/0x40',
    'RIP: 0010:[<ffffffff81000000>]  [<ffffffff81000000>] io_take+0x12/0x40',
    'IP: [<ffffffff81000000>] io_take+0x12/0x40',
    'PC is at io_take+0x12/0x40',
    'pc : io_take+0x12/0x40',
    'NIP [c000000000001000] io_take+0x12/0x40',
    '--- interrupt: 700 at io_take+0x12/0x40',
  ])('reads %j', (line) => {
    expect(parsePointer(line)?.func).toBe('io_take');
  });

  test('user space has no function', () => {
    expect(parsePointer('RIP: 0033:0x47b7a0')).toBeUndefined();
  });
});

test('parseTraces keeps a stack whole across registers and foreign lines', () => {
  const lines = [
    'Call Trace:',
    ' <IRQ>',
    ' a+0x1/0x2',
    'RIP: 0010:b+0x1/0x2',
    'RSP: 0018:ffff',
    'eth0: link up',
    ' c+0x1/0x2',
    ' </TASK>',
    '',
    'Allocated by task 7:',
    ' d+0x1/0x2',
  ];
  expect(parseTraces(lines.map(readRow)).map((t) => [t.heading, t.frames.map((f) => f.func)])).toEqual([
    ['Call Trace:', ['a', 'b', 'c']],
    ['Allocated by task 7:', ['d']],
  ]);
});
