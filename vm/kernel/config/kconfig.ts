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
  readonly kind: 'if' | 'menu' | 'choice';
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
 * Reads Kconfig files, from the top one through everything it sources, as Documentation/kbuild/kconfig-language.rst
 * describes them; as much of them as says why a symbol has the value it has. Macros other than `$(SRCARCH)` stay text.
 *
 * @param read gives a file's text by its path in the tree, null when it is missing.
 */
export function parseKconfig(
  top: string,
  read: (file: string) => string | null,
  srcArch = 'x86',
): Definition[] {
  const reader = new Reader();
  const parseFile = (file: string, depth: number): void => {
    const text = read(file);
    if (text === null || depth > 20) return;
    for (const { line, number } of logicalLines(text)) {
      const [, word = '', rest = ''] = /^\s*(\w+)\s*(.*)$/.exec(line) ?? [];
      if (word !== 'source') reader.statement(word, rest, { file, line: number });
      else parseFile(unquote(rest).replaceAll('$(SRCARCH)', srcArch), depth + 1);
    }
  };
  parseFile(top, 0);
  return reader.definitions;
}

class Reader {
  readonly definitions: Open[] = [];
  readonly #scopes: Scope[] = [];
  /** What attributes such as `select` belong to. */
  #entry: Open | null = null;
  /** What a `depends on` belongs to: the entry, or the menu or choice that was just opened. */
  #owner: { dependsOn: Expression[] } | null = null;

  statement(word: string, rest: string, at: { file: string; line: number }): void {
    switch (word) {
      case 'config':
      case 'menuconfig':
        this.#entry = this.#owner = open(rest.trim(), at, this.#scopes);
        this.definitions.push(this.#entry);
        break;
      case 'menu':
      case 'choice':
      case 'if':
        this.#enter(word, rest, `${at.file}:${at.line}`);
        break;
      case 'endmenu':
      case 'endchoice':
      case 'endif':
        this.#scopes.pop();
        this.#entry = this.#owner = null;
        break;
      case 'comment':
      case 'mainmenu':
        this.#entry = this.#owner = null;
        break;
      case 'depends':
        this.#owner?.dependsOn.push(parseExpression(rest.replace(/^on\b/, '')));
        break;
      default:
        if (this.#entry !== null) attribute(this.#entry, word, rest);
    }
  }

  #enter(kind: Scope['kind'], rest: string, place: string): void {
    const scope: Scope = { kind, place, dependsOn: kind === 'if' ? [parseExpression(rest)] : [] };
    this.#scopes.push(scope);
    this.#entry = null;
    this.#owner = kind === 'if' ? null : scope;
  }
}

const open = (symbol: string, at: { file: string; line: number }, scopes: readonly Scope[]): Open => ({
  symbol,
  ...at,
  // A menu's own dependencies stand before its entries, so all that surrounds this one is known.
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
