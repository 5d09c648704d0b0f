import { orderHolds } from './ordering.ts';

/** A kconfig condition. A symbol in it is an upper-case word without `CONFIG_`; quoted text and macros are constants. */
export type Expression =
  | { readonly type: 'symbol'; readonly name: string }
  | { readonly type: 'constant'; readonly value: string }
  | { readonly type: 'not'; readonly operand: Expression }
  | { readonly type: 'and' | 'or'; readonly operands: readonly Expression[] }
  | {
      readonly type: 'compare';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

const TOKEN =
  /\s*(\$\((?:[^()]|\([^()]*\))*\)|"(?:[^"\\]|\\.)*"|'[^']*'|&&|\|\||!=|<=|>=|[!=<>()]|[^\s!=<>()&|"']+)/gy;

/**
 * Parses a condition of the kconfig language. Precedence, tightest first: comparison, `!`, `&&`, `||`. What
 * cannot be parsed becomes a constant, because this explains and does not decide.
 */
export function parseExpression(text: string): Expression {
  const tokens = [...text.matchAll(TOKEN)].map((match) => match[1] ?? '');
  let next = 0;

  const list = (type: 'and' | 'or', operator: string, parse: () => Expression): Expression => {
    const operands = [parse()];
    while (tokens[next] === operator) {
      next += 1;
      operands.push(parse());
    }
    return operands.length === 1 ? (operands[0] as Expression) : { type, operands };
  };
  const or = (): Expression => list('or', '||', and);
  const and = (): Expression => list('and', '&&', unary);
  const unary = (): Expression => {
    if (tokens[next] !== '!') return comparison();
    next += 1;
    return { type: 'not', operand: unary() };
  };
  const comparison = (): Expression => {
    const left = primary();
    const operator = tokens[next] ?? '';
    if (!['=', '!=', '<', '<=', '>', '>='].includes(operator)) return left;
    next += 1;
    return { type: 'compare', operator, left, right: primary() };
  };
  const primary = (): Expression => {
    const token = tokens[next] ?? '';
    next += 1;
    if (token !== '(') return leaf(token);
    const inner = or();
    next += 1;
    return inner;
  };
  return or();
}

function leaf(token: string): Expression {
  if (/^["']/.test(token)) return { type: 'constant', value: token.slice(1, -1) };
  if (/^[A-Z0-9_]*[A-Z][A-Z0-9_]*$/i.test(token) && !/^[ynm]$|^0x/.test(token))
    return { type: 'symbol', name: token };
  return { type: 'constant', value: token };
}

/** 0 is n, 1 is m, 2 is y. */
export type Tristate = 0 | 1 | 2;

/** A symbol's value as in a `.config`, `n` when it is not set. */
export type Lookup = (symbol: string) => string;

const tristate = (value: string): Tristate => (value === 'y' ? 2 : value === 'm' ? 1 : 0);

/** Evaluates as kconfig does: `&&` is the minimum, `||` the maximum, `!` is 2 minus. A macro cannot be run here and counts as y. */
export function evaluate(expression: Expression, lookup: Lookup): Tristate {
  switch (expression.type) {
    case 'symbol':
      return tristate(lookup(expression.name));
    case 'constant':
      return expression.value.startsWith('$') ? 2 : tristate(expression.value);
    case 'not':
      return (2 - evaluate(expression.operand, lookup)) as Tristate;
    case 'and':
      return Math.min(...expression.operands.map((operand) => evaluate(operand, lookup))) as Tristate;
    case 'or':
      return Math.max(...expression.operands.map((operand) => evaluate(operand, lookup))) as Tristate;
    case 'compare':
      return compare(expression.operator, text(expression.left, lookup), text(expression.right, lookup))
        ? 2
        : 0;
  }
}

const text = (expression: Expression, lookup: Lookup): string =>
  expression.type === 'symbol'
    ? lookup(expression.name).replace(/^"(.*)"$/, '$1')
    : expression.type === 'constant'
      ? expression.value
      : 'nmy'.charAt(evaluate(expression, lookup));

function compare(operator: string, left: string, right: string): boolean {
  const [a, b] = [Number(left), Number(right)];
  const order =
    Number.isNaN(a) || Number.isNaN(b) ? (left < right ? -1 : left > right ? 1 : 0) : Math.sign(a - b);
  return orderHolds(order, operator);
}

/** Writes an expression as it would stand in a Kconfig file. */
export function formatExpression(expression: Expression): string {
  switch (expression.type) {
    case 'symbol':
      return expression.name;
    case 'constant':
      return /^[\w$]/.test(expression.value) ? expression.value : `"${expression.value}"`;
    case 'not':
      return `!${group(expression.operand)}`;
    case 'and':
    case 'or':
      return expression.operands.map(group).join(expression.type === 'and' ? ' && ' : ' || ');
    case 'compare':
      return `${formatExpression(expression.left)} ${expression.operator} ${formatExpression(expression.right)}`;
  }
}

const group = (expression: Expression): string =>
  expression.type === 'and' || expression.type === 'or'
    ? `(${formatExpression(expression)})`
    : formatExpression(expression);

/** The parts of a conjunction that do not hold, as small as they come. */
export function unmetParts(expression: Expression, lookup: Lookup): Expression[] {
  if (evaluate(expression, lookup) === 2) return [];
  return expression.type === 'and'
    ? expression.operands.flatMap((operand) => unmetParts(operand, lookup))
    : [expression];
}

/** All symbols an expression names. */
export function symbolsOf(expression: Expression): string[] {
  switch (expression.type) {
    case 'symbol':
      return [expression.name];
    case 'constant':
      return [];
    case 'not':
      return symbolsOf(expression.operand);
    case 'compare':
      return [...symbolsOf(expression.left), ...symbolsOf(expression.right)];
    default:
      return expression.operands.flatMap(symbolsOf);
  }
}
