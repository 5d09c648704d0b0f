import { describe, expect, test } from 'vitest';
import { GuestBootError, panicLine, printable } from './boot-error.ts';

const failure = {
  stage: 'kernel' as const,
  deadlineMs: undefined,
  console:
    '[    1.2] VFS: Cannot open root\r\n[    1.3] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n',
  stderr: 'qemu: warning\n',
  consolePath: '/run/console.log',
};

describe('GuestBootError', () => {
  test('says how far the boot came, the panic, the console, QEMU, and where the rest is', () => {
    const { message, panic } = new GuestBootError(failure);
    expect(panic).toBe('Kernel panic - not syncing: VFS: Unable to mount root fs');
    for (const part of [
      'started and stopped',
      'Unable to mount',
      'Cannot open root',
      'qemu: warning',
      '/run/console.log',
    ])
      expect(message).toContain(part);
  });

  test('the last attempt to log in is told, made safe', () => {
    const refusal = 'Cannot parse\u001b[2J privateKey';
    expect(new GuestBootError({ ...failure, refusal }).message).toContain(
      'The last attempt to log in: Cannot parse privateKey',
    );
  });

  test('a time that ran out is named', () => {
    expect(new GuestBootError({ ...failure, deadlineMs: 90_000 }).message).toContain('within 90 s');
  });
});

describe('printable', () => {
  test('no escape sequence and no control character reaches a terminal', () => {
    const hostile = 'a\u001b[2Jb\u001b]0;title\u0007c\u0000d\u0008\r\n\te\u009b31mf';
    expect(printable(hostile)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    expect(printable(hostile)).toContain('\n\te');
  });
});

test('panicLine finds the first panic only', () => {
  expect(panicLine('Kernel panic - not syncing: A\nKernel panic - not syncing: B')).toContain('A');
  expect(panicLine('all is well')).toBeUndefined();
});
