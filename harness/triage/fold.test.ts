import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLog } from '../klog/index.ts';
import { golden } from './fixtures.ts';
import { fold, type Part } from './fold.ts';

const linesOf = (parts: readonly Part[]): string[] =>
  parts.flatMap((part) => (part.type === 'line' ? [part.text] : [...part.lines]));
const shown = (parts: readonly Part[]): string =>
  parts.map((part) => (part.type === 'line' ? part.text : `<${part.lines.length} ${part.what}>`)).join('\n');
const told = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.replace(/^\[.*?\](?:\[.*?\])?/, '').trim() !== '');

const textOf = (name: string, kind: string): string =>
  readLog(golden(name)).find((report) => report.kind === kind)?.text ?? '';

describe('fold', () => {
  test('keeps the locks, the stacks and the scenario of a circular report, and not its second stack', () => {
    const text = textOf('inversion.console.txt', 'lockdep.circular');
    const view = shown(fold(text));
    for (const kept of [
      'is trying to acquire lock',
      '-> #1 (&ctx->buf_table_lock)',
      'io_sqe_buffers_register+',
      'io_import_iovec+0xab',
      '*** DEADLOCK ***',
      '1 lock held by',
    ])
      expect(view).toContain(kept);
    expect(view).toContain("frames of the lock checker's own>");
    expect(view).toMatch(/<\d+ the stack of #0 once more>$/);
    expect(view).not.toContain('RAX:');
    expect(view.split('\n').length).toBeLessThan(text.split('\n').length * 0.65);
  });

  test('keeps the instruction pointer of an oops and folds its registers', () => {
    const view = shown(fold(textOf('forgotten.console.txt', 'oops.gpf.old')));
    expect(view).toContain('RIP: 0010:_copy_to_iter+0x202/0x41e');
    expect(view).toContain('pipe_read+0x102/0x352');
    expect(view).not.toContain('RAX:');
    expect(view).not.toContain('? __mutex_lock');
  });

  test('loses no line that says something', () => {
    const line = fc.oneof(
      fc.constantFrom(
        ' ? foo+0x1/0x2',
        'RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000403857',
        'stack backtrace:',
        '-> #0 (&a){+.+.}-{3:3}:',
        '',
        ' __lock_acquire+0x1/0x2',
        '[    1.000000] Modules linked in: a b',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const flat = lines.flatMap((text) => text.split('\n'));
        expect(told(linesOf(fold(`${flat.join('\n')}\n`)))).toEqual(told(flat));
      }),
    );
  });
});
