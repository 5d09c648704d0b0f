import { describe, expect, test } from 'vitest';
import { aloneScript } from './alone.ts';
import { differenceOf } from './difference.ts';
import { outcomeOf } from './outcome.ts';

const console = (...lines: string[]): Buffer => Buffer.from(lines.map((line) => `${line}\r\n`).join(''));

const ended = (status: number): string =>
  `[   16.830370][   T44] ringtrial: end of memory-returned: exit status ${status}`;

describe('how a recorded run ended', () => {
  test('well, or skipped', () => {
    expect(outcomeOf(console('ok 1 a', ended(0)))).toEqual({ result: 'passed', text: [] });
    expect(outcomeOf(console(ended(77))).result).toBe('passed');
  });

  test('with a failed point', () =>
    expect(outcomeOf(console('# saw 3', 'not ok 1 memory-limit', ended(1)))).toEqual({
      result: 'failed',
      text: ['not ok 1 memory-limit', 'exit status 1'],
    }));

  test('not at all', () =>
    expect(outcomeOf(console('[   60.1][   T44] ringtrial: no end of memory-returned within 40 s'))).toEqual({
      result: 'failed',
      text: ['no end of memory-returned within 40 s'],
    }));

  test('with a report of the kernel, whatever the program says', () => {
    const { result, text } = outcomeOf(
      console(
        '[    9.000000][   T50] BUG: kernel NULL pointer dereference, address: 0000000000000000',
        ended(0),
      ),
    );
    expect(result).toBe('failed');
    expect(text[0]).toMatch(/^kernel report: .*NULL/);
  });

  test('nobody knows how', () =>
    expect(outcomeOf(console('ringtrial: READY'))).toEqual({ result: 'unknown', text: [] }));
});

describe('what the guest runs', () => {
  const errand = { suite: {}, program: { name: 'p' }, deadlineSeconds: 40, timeScale: 2 };

  test('one program, or one of its points', () => {
    expect(aloneScript(errand)).toContain('RINGTRIAL_TIME_SCALE=2 /tests/p; echo $?');
    expect(aloneScript({ ...errand, point: "it's" })).toContain(`/tests/p --point 'it'\\''s'; echo`);
  });

  test('what the suite needs before it', () =>
    expect(aloneScript({ ...errand, suite: { prepare: 'mount -t tmpfs t /mnt' } })).toContain(
      '( mount -t tmpfs t /mnt )\n',
    ));
});

describe('two consoles', () => {
  test('that are the same', () => expect(differenceOf(console('a', 'b'), console('a', 'b'))).toBeUndefined());

  test('part in a line', () =>
    expect(differenceOf(console('one', 'two\x1b[31m 2'), console('one', 'twin'))).toEqual({
      at: 7,
      recorded: 'two[31m 2',
      replayed: 'twin',
    }));

  test('part where one of them ends', () =>
    expect(differenceOf(console('one', 'two'), console('one'))).toEqual({
      at: 5,
      recorded: 'two',
      replayed: '',
    }));
});
