import { describe, expect, test } from 'vitest';
import { parseLine, peel } from './prefix.ts';

const bodies = (text: string): string[] => parseLine(text, 0, text.length).map((l) => l.body);

describe('peel', () => {
  test.each([
    ['[   12.345678] hello', 12.345678, undefined, undefined],
    ['[   12.345678][   T12] hello', 12.345678, 'T12', undefined],
    ['[   12.345678] [    C0] hello', 12.345678, 'C0', undefined],
    ['<4>hello', undefined, undefined, 4],
    ['<12>[    0.000001] hello', 0.000001, undefined, 4],
    ['kern  :err   : [    1.500000] hello', 1.5, undefined, 3],
    ['6,339,5140900,-,caller=T1;hello', 5.1409, 'T1', 6],
    ['Nov  3 05:00:25 a-host kernel: [    7.000000] hello', 7, undefined, undefined],
    ['Nov 13 05:00:25 host kern.warn kernel: hello', undefined, undefined, undefined],
    ['2026-11-23T05:00:25.123456+01:00 host kernel: hello', undefined, undefined, undefined],
    ['[    3.000000] host kernel: hello', 3, undefined, undefined],
    ['[Mon Nov  2 05:00:25 2026] hello', undefined, undefined, undefined],
    ['2026/11/23 05:00:25 hello', undefined, undefined, undefined],
  ])('takes the prefix off %j', (line, time, caller, level) => {
    expect(peel(line)).toEqual({ body: 'hello', time, caller, level });
  });

  test('leaves the indentation of a message', () => {
    for (const prefix of ['[    1.000000] ', '[    1.000000][   T1] ', '<4>[    1.000000] ', '4,1,1,-;'])
      expect(peel(`${prefix}  frame`).body).toBe('  frame');
  });

  test('leaves a message alone that only looks like one', () => {
    for (const line of [
      '[<ffffffff81000000>] foo+0x1/0x2',
      'kernel BUG at mm/slub.c:1!',
      '4 locks held by a/1:',
      'Nov',
    ])
      expect(peel(line).body).toBe(line);
  });
});

describe('parseLine', () => {
  test('drops line ends of serial consoles and colours', () => {
    expect(bodies('\u001b[32m[    1.000000] \u001b[0mhello\r\r')).toEqual(['hello']);
  });

  test('splits messages that ran into each other', () => {
    const lines = parseLine('[    1.000000][   T1] first [    1.000002][   T2] second', 100, 160);
    expect(lines.map((l) => [l.body, l.time, l.caller, l.start, l.end])).toEqual([
      ['first ', 1, 'T1', 100, 160],
      ['second', 1.000002, 'T2', 100, 160],
    ]);
  });

  test('takes a prompt or half a word before a message for no message', () => {
    expect(bodies('login: [    1.000000] hello')).toEqual(['hello']);
    expect(bodies('** 17 printk messages dropped ** [    1.000000] hello')).toEqual(['hello']);
  });

  test('undoes the line ends that loggers escape', () => {
    expect(bodies('4,1,1000000,-;one\\x0atwo')).toEqual(['one', 'two']);
    expect(bodies('Nov 23 05:00:25 host kernel: one#012two')).toEqual(['one', 'two']);
  });
});
