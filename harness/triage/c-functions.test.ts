import { describe, expect, test } from 'vitest';
import { definedName, functionsOf, tracedName } from './c-functions.ts';

describe('definedName', () => {
  test.each([
    ['static int io_import_fixed(int ddir, struct iov_iter *iter,', 'io_import_fixed'],
    ['static __cold struct io_ring_ctx *io_ring_ctx_alloc(struct io_uring_params *p)', 'io_ring_ctx_alloc'],
    ['SYSCALL_DEFINE4(io_uring_register, unsigned int, fd, unsigned int, opcode,', 'io_uring_register'],
    ['__printf(1, 2) void pr(const char *fmt, ...)', 'pr'],
    ['int foo(struct x *ctx) __must_hold(&ctx->uring_lock)', 'foo'],
    ['void __sched mutex_lock(struct mutex *lock)', 'mutex_lock'],
  ])('%s', (head, name) => expect(definedName(head)).toBe(name));

  test.each([
    'struct io_ring_ctx {',
    'static void (*handler(int sig))(int)',
    'static const int x = 3;',
    '#define foo(x) bar(x)',
    '	if (a)',
    '',
  ])('nothing in %j', (head) => expect(definedName(head)).toBeUndefined());
});

test('functionsOf finds definitions by their braces in the first column', () => {
  const source = [
    '#include <linux/io.h>',
    '',
    'static const struct ops ops = {',
    '	.open = foo,',
    '};',
    '',
    'static inline int one(void) { return 1; }',
    '',
    '/* about two() { */',
    'static int two(int a,',
    '	       int b)',
    '{',
    '	if (a) {',
    '		b();',
    '	}',
    '}',
    'int three(void)',
    '{',
    '}',
  ];
  expect(functionsOf(source)).toEqual([
    { name: 'one', first: 7, last: 7 },
    { name: 'two', first: 10, last: 16 },
    { name: 'three', first: 17, last: 19 },
  ]);
});

test.each([
  ['io_import_iovec.constprop.0', 'io_import_iovec'],
  ['foo.isra.0.cold', 'foo'],
  ['__x64_sys_io_uring_register', 'io_uring_register'],
  ['__do_sys_io_uring_enter', 'io_uring_enter'],
  ['__io_read', '__io_read'],
])('a trace calls %s what the source calls %s', (symbol, name) => expect(tracedName(symbol)).toBe(name));
