import { describe, expect, test } from 'vitest';
import { ErrorWatch } from './compile-error.ts';

const watch = (output: string): ErrorWatch => {
  const result = new ErrorWatch('/cache/builds/x/src', '/cache/builds/x/build');
  for (const line of output.split('\n')) result.line(line);
  return result;
};

describe('ErrorWatch', () => {
  test('finds the first error of several, with its place relative to the tree', () => {
    const { error, machineFault } = watch(`  CC      io_uring/rw.o
In file included from /cache/builds/x/src/io_uring/rw.c:7:
/cache/builds/x/src/include/linux/kernel.h:12:3: warning: unused variable 'x' [-Wunused-variable]
/cache/builds/x/src/io_uring/rw.c: In function 'io_read':
/cache/builds/x/src/io_uring/rw.c:812:9: error: 'imu' undeclared (first use in this function)
  812 |         imu = req->imu;
      |         ^~~
/cache/builds/x/src/io_uring/rw.c:815:1: error: expected ';' before '}' token
make[4]: *** [/cache/builds/x/src/scripts/Makefile.build:250: io_uring/rw.o] Error 1
make: *** [Makefile:248: __sub-make] Error 2`);
    expect(error).toEqual({
      kind: 'compile',
      file: 'io_uring/rw.c',
      line: 812,
      message: "'imu' undeclared (first use in this function)",
    });
    expect(machineFault).toBeNull();
  });

  test.each([
    [
      '../src/io_uring/io_uring.h:3:10: fatal error: nothing.h: No such file or directory',
      'compile',
      'io_uring/io_uring.h',
      3,
      'nothing.h: No such file or directory',
    ],
    [
      "/cache/builds/x/src/arch/x86/entry/entry_64.S:99: Error: no such instruction: `movqq %rax,%rbx'",
      'compile',
      'arch/x86/entry/entry_64.S',
      99,
      "no such instruction: `movqq %rax,%rbx'",
    ],
    ['{standard input}:12: Error: bad register name', 'compile', null, 12, 'bad register name'],
    [
      './include/generated/bounds.h:2:1: error: unknown type name',
      'compile',
      'include/generated/bounds.h',
      2,
      'unknown type name',
    ],
    ['cc1: error: -Werror=foo: no option', 'compile', null, null, '-Werror=foo: no option'],
    ['io_uring/Kconfig:5: syntax error', 'config', 'io_uring/Kconfig', 5, 'syntax error'],
    [
      "ld: vmlinux.o: in function `io_read': rw.c:(.text+0x12): undefined reference to `io_gone'",
      'link',
      null,
      null,
      "vmlinux.o: in function `io_read': rw.c:(.text+0x12): undefined reference to `io_gone'",
    ],
    [
      "rw.c:(.text+0x12): undefined reference to `io_gone'",
      'link',
      null,
      null,
      "rw.c:(.text+0x12): undefined reference to `io_gone'",
    ],
    [
      'io_uring/rw.o: error: objtool: io_read()+0x1: unreachable',
      'link',
      null,
      null,
      'io_uring/rw.o: error: objtool: io_read()+0x1: unreachable',
    ],
    ['ERROR: modpost: "x" [y.ko] undefined!', 'link', null, null, 'ERROR: modpost: "x" [y.ko] undefined!'],
    [
      'scripts/Makefile.lib:44: *** missing separator.  Stop.',
      'other',
      'scripts/Makefile.lib',
      44,
      'missing separator.',
    ],
    [
      "make[3]: *** No rule to make target 'io_uring/gone.o', needed by 'io_uring/built-in.a'.  Stop.",
      'other',
      null,
      null,
      "No rule to make target 'io_uring/gone.o', needed by 'io_uring/built-in.a'.  Stop.",
    ],
  ])('%s', (line, kind, file, number, message) => {
    expect(watch(line).error).toEqual({ kind, file, line: number, message });
  });

  test('a good build has no error, warnings and all', () => {
    const { error } = watch(`lib/Kconfig.debug:12:warning: defaults for choice values not supported
.config:1045:warning: override: PREEMPT changes choice state
/cache/builds/x/src/a.c:1:2: warning: comparison of error: codes
  CC      lib/error-inject.o
net/core/stream.o: warning: objtool: sk_wait() falls through to next function`);
    expect(error).toBeNull();
  });

  test.each([
    'gcc: fatal error: Killed signal terminated program cc1',
    '/cache/builds/x/src/io_uring/rw.c:1:1: fatal error: error writing to /tmp/x.s: No space left on device',
    "{standard input}: Fatal error: can't write 12 bytes to section .text of x.o: 'No space left on device'",
    '/cache/builds/x/src/io_uring/rw.c:7:1: internal compiler error: Segmentation fault',
    'virtual memory exhausted: Cannot allocate memory',
  ])('is the machine: %s', (line) => {
    expect(watch(line).machineFault).toBe(line);
  });

  test('a quoted source line is not the machine speaking', () => {
    expect(watch('  812 |         pr_err("No space left on device");').machineFault).toBeNull();
  });
});
