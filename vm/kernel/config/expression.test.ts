import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Expression,
  evaluate,
  formatExpression,
  parseExpression,
  symbolsOf,
  unmetParts,
} from './expression.ts';

const VALUES: Record<string, string> = { YES: 'y', MOD: 'm', NUM: '17', TEXT: '"gcc"' };
const lookup = (name: string): string => VALUES[name] ?? 'n';
const valueOf = (text: string): number => evaluate(parseExpression(text), lookup);

describe('evaluate', () => {
  test.each([
    ['YES', 2],
    ['MOD', 1],
    ['NO', 0],
    ['!NO', 2],
    ['!MOD', 1],
    ['YES && NO', 0],
    ['YES && MOD', 1],
    ['NO || MOD', 1],
    ['YES || NO && NO', 2],
    ['(YES || NO) && NO', 0],
    ['!(YES && NO)', 2],
    ['!!YES', 2],
    ['NUM >= 17 && NUM < 18', 2],
    ['NUM = 18', 0],
    ['YES=y', 2],
    ['MOD!=n', 2],
    ['NO != n', 0],
    ['TEXT = "gcc"', 2],
    ['"a b" = "a b"', 2],
    ['$(cc-option,-mfoo (x)) && YES', 2],
    ['m && MODULES', 0],
  ])('%s is %i', (text, expected) => {
    expect(valueOf(text)).toBe(expected);
  });

  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect([0, 1, 2]).toContain(valueOf(text));
      }),
    );
  });
});

const expression: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom('YES', 'MOD', 'NO').map((name): Expression => ({ type: 'symbol', name })),
    tie('tree').map((operand): Expression => ({ type: 'not', operand })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
      )
      .map(([type, operands]): Expression => ({ type, operands })),
  ),
})).tree;

test('what is written means the same when it is read again', () => {
  fc.assert(
    fc.property(expression, (tree) => {
      expect(evaluate(parseExpression(formatExpression(tree)), lookup)).toBe(evaluate(tree, lookup));
    }),
  );
});

test('unmetParts names the failing parts of a conjunction, and keeps alternatives together', () => {
  const parts = unmetParts(parseExpression('YES && NO && (NO || OTHER) && (YES || NO)'), lookup);
  expect(parts.map(formatExpression)).toEqual(['NO', 'NO || OTHER']);
  expect(symbolsOf(parseExpression('A && !(B || C = "x") && y'))).toEqual(['A', 'B', 'C']);
});
