import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demangle } from './rust.ts';

describe('demangle', () => {
  test.each([
    ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
    ['_RNvNtCs1234_7mycrate3foo3bar', 'mycrate::foo::bar'],
    ['_RNvMs3_NtCsh_4ring7processNtB5_7Process10update_ref', '<ring::process::Process>::update_ref'],
    ['_RNvXs_Cs1_4ringNtB4_3BufNtNtCs2_4core3ops4Drop4drop', '<ring::Buf as core::ops::Drop>::drop'],
    ['_RNCNvC4ring3foo0B3_', 'ring::foo::{closure#0}'],
    ['_RINvC4ring3fooReE', 'ring::foo<&str>'],
    ['_RINvC4ring3fooAhj10_QSmE', 'ring::foo<[u8; 0x10], &mut [u32]>'],
  ])('%s is %s', (symbol, name) => {
    expect(demangle(symbol)).toBe(name);
  });

  test('leaves other symbols alone', () => {
    for (const symbol of ['io_uring_enter', '_R', '_RNv', '_RNvC9short', '_RB_', '_RNvB1_1a', '_RMB_'])
      expect(demangle(symbol)).toBe(symbol);
  });

  test('ends on any input', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...Array.from('_RNMXYICBEsutv0123456789azAZ')), { maxLength: 80 }),
        (chars) => {
          expect(typeof demangle(`_R${chars.join('')}`)).toBe('string');
        },
      ),
      { numRuns: 2000 },
    );
  });
});
