import { type Expression, parseExpression } from './expression.ts';

/** Something that a symbol has under a condition; null: always. */
export interface Conditional<T> {
  readonly value: T;
  readonly condition: Expression | null;
}

/** One place where a symbol is defined. A symbol may have several. */
export interface Definition {
  /** Without `CONFIG_`. */
  readonly symbol: string;
  /** Relative to the top of the tree. */
  readonly file: string;
  readonly line: number;
  /** `depends on` of the entry itself and of every `if`, `menu` and `choice` around it, outermost first. */
  readonly dependsOn: readonly Expression[];
  /** The conditions under which a person may set it; empty when it has no prompt. */
  readonly prompts: readonly Conditional<string>[];
  readonly selects: readonly Conditional<string>[];
  readonly ranges: readonly Conditional<readonly [string, string]>[];
  /** The choice that it is a member of, as `file:line`. */
  readonly choice: string | null;
}

interface Scope {
  readonly kind: 'if' | 'menu' | 'choice' | 'file';
  readonly place: string;
  readonly dependsOn: Expression[];
}

interface Open extends Definition {
  readonly dependsOn: Expression[];
  readonly prompts: Conditional<string>[];
  readonly selects: Conditional<string>[];
  readonly ranges: Conditional<readonly [string, string]>[];
}

const TYPES = 'bool|tristate|string|int|hex';

/**
 * Reads Kconfig files, from the top one through everything it sources, as Documentation/kbuild/kconfig-language.rst describes them; as much of
 * them as says why a symbol has the value it has. Macros other than `$(SRCARCH)` stay text.
 *
 * @param read gives a file's text by its path in the tree, null when it is missing.
 */
export function parseKconfig(
  top: string,
  read: (file: string) => string | null,
  srcArch = 'x86',
): Definition[] {
  const definitions: Open[] = [];
  const scopes: Scope[] = [];

  const parseFile = (file: string, depth: number): void => {
    const text = read(file);
    if (text === null || depth > 20) return;
    let current: Open | null = null;
    /** Where `depends on` goes: the entry, or the menu or choice that was just opened. */
    let owner: { dependsOn: Expression[] } | null = null;
    for (const { line, number } of logicalLines(text)) {
      const [, word = '', rest = ''] = /^\s*(\w+)\s*(.*)$/.exec(line) ?? [];
      const place = `${file}:${number}`;
      switch (word) {
        case 'config':
        case 'menuconfig':
          current = open(rest.trim(), { file, line: number }, scopes);
          definitions.push(current);
          owner = current;
          break;
        case 'menu':
        case 'choice':
        case 'if': {
          const scope: Scope = { kind: word, place, dependsOn: word === 'if' ? [parseExpression(rest)] : [] };
          scopes.push(scope);
          current = null;
          owner = word === 'if' ? null : scope;
          break;
        }
        case 'endmenu':
        case 'endchoice':
        case 'endif':
          scopes.pop();
          current = owner = null;
          break;
        case 'comment':
        case 'mainmenu':
          current = null;
          owner = { dependsOn: [] };
          break;
        case 'source':
          current = owner = null;
          parseFile(unquote(rest).replaceAll('$(SRCARCH)', srcArch), depth + 1);
          break;
        case 'depends':
          owner?.dependsOn.push(parseExpression(rest.replace(/^on\b/, '')));
          break;
        default:
          if (current !== null) attribute(current, word, rest);
      }
    }
  };
  parseFile(top, 0);
  return definitions;
}

const open = (symbol: string, at: { file: string; line: number }, scopes: readonly Scope[]): Open => ({
  symbol,
  ...at,
  // Copied when the definition is asked for would be too late: a menu's dependencies precede its entries.
  dependsOn: scopes.flatMap((scope) => scope.dependsOn),
  prompts: [],
  selects: [],
  ranges: [],
  choice: scopes.findLast((scope) => scope.kind === 'choice')?.place ?? null,
});

function attribute(entry: Open, word: string, rest: string): void {
  const { value, condition } = splitCondition(rest);
  if (word === 'prompt' || (new RegExp(`^(${TYPES})$`).test(word) && value !== '')) {
    entry.prompts.push({ value: unquote(value), condition });
  } else if (word === 'select') {
    entry.selects.push({ value, condition });
  } else if (word === 'range') {
    const [low = '', high = ''] = value.split(/\s+/);
    entry.ranges.push({ value: [low, high], condition });
  }
}

/** Splits `"text" if X && Y` into its halves; an ` if ` inside quotes is text. */
function splitCondition(rest: string): { value: string; condition: Expression | null } {
  const match = /^((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'])*?)\s+if\s+(.*)$/.exec(rest);
  return match === null
    ? { value: rest.trim(), condition: null }
    : { value: (match[1] ?? '').trim(), condition: parseExpression(match[2] ?? '') };
}

const unquote = (text: string): string => text.trim().replace(/^(["'])(.*)\1$/, '$2');

/** A macro's definition, `if-success = $(shell,…)`, or the use of one as a statement. */
const MACRO = /^\s*(?:[\w.-]+\s*(?::|\+)?=|\$\()/;

/** Lines without comments and help texts, continued ones joined; `number` is that of the first, from 1. */
function* logicalLines(text: string): Generator<{ line: string; number: number }> {
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const number = index + 1;
    let line = lines[index] ?? '';
    while (line.endsWith('\\') && index + 1 < lines.length) {
      index += 1;
      line = `${line.slice(0, -1)} ${(lines[index] ?? '').trimStart()}`;
    }
    if (/^\s*(?:---)?help(?:---)?\s*$/.test(line)) index = endOfHelp(lines, index);
    else if (!/^\s*(#|$)/.test(line) && !MACRO.test(line))
      yield { line: line.replace(/\s#[^"']*$/, ''), number };
  }
}

/** A help text goes on as long as lines are empty or indented at least as far as its first one. */
function endOfHelp(lines: readonly string[], start: number): number {
  let indent: number | null = null;
  let index = start + 1;
  for (; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.trim() === '') continue;
    const width = columns(line);
    if (indent === null && width === 0) break;
    indent ??= width;
    if (width < indent) break;
  }
  return index - 1;
}

/** The width of the white space a line starts with; a tab goes to the next multiple of eight. */
function columns(line: string): number {
  let width = 0;
  for (const char of line) {
    if (char === '\t') width += 8 - (width % 8);
    else if (char === ' ') width += 1;
    else break;
  }
  return width;
}
