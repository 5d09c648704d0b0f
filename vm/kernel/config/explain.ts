import { readFileSync } from 'node:fs';
import path from 'node:path';
import { distance } from 'fastest-levenshtein';
import type { OptionMismatch } from '../errors.ts';
import {
  type Expression,
  evaluate,
  formatExpression,
  type Lookup,
  symbolsOf,
  unmetParts,
} from './expression.ts';
import type { OptionValues } from './fragments.ts';
import { type Definition, parseKconfig } from './kconfig.ts';

type Unmet = Pick<OptionMismatch, 'option' | 'wanted' | 'got'>;

/** Says for every option why it has not the value that was wanted, from the Kconfig files below `sourceDir` and the `.config`'s values. */
export async function explainOptions(
  unmet: readonly Unmet[],
  config: OptionValues,
  sourceDir: string,
): Promise<OptionMismatch[]> {
  const read = (file: string): string | null => {
    try {
      return readFileSync(path.join(sourceDir, file), 'utf8');
    } catch {
      return null;
    }
  };
  const definitions = parseKconfig('Kconfig', read);
  return unmet.map((option) => ({ ...option, reason: explainOption(option, definitions, config) }));
}

/** Why one option has not the value that was wanted, in words. */
export function explainOption(
  unmet: Unmet,
  definitions: readonly Definition[],
  config: OptionValues,
): string {
  const symbol = unmet.option.replace(/^CONFIG_/, '');
  const lookup: Lookup = (name) => config.get(`CONFIG_${name}`) ?? 'n';
  const own = definitions.filter((definition) => definition.symbol === symbol);
  if (own.length === 0) return unknownSymbol(symbol, definitions);
  if (unmet.wanted === 'n') return explainSet(symbol, own, definitions, lookup);

  if (unmet.wanted === 'm' && lookup('MODULES') === 'n')
    return 'it would be a module, and MODULES is not set';

  const unmetDependencies = own.map((definition) =>
    definition.dependsOn.flatMap((part) => unmetParts(part, lookup)),
  );
  if (unmetDependencies.every((parts) => parts.length > 0)) {
    return unmetDependencies.map((parts) => describeParts(parts, lookup)).join('; or ');
  }
  const prompts = own.flatMap((definition) => definition.prompts);
  if (prompts.length === 0) {
    const selectors = definitions
      .filter((definition) => definition.selects.some((select) => select.value === symbol))
      .map((d) => d.symbol);
    const by = [...new Set(selectors)].slice(0, 6).join(', ');
    return `it cannot be set by hand${by === '' ? '' : `, only by being selected by ${by}`}`;
  }
  const hidden = prompts.flatMap((prompt) =>
    prompt.condition === null ? [] : unmetParts(prompt.condition, lookup),
  );
  if (hidden.length > 0 && prompts.every((prompt) => prompt.condition !== null))
    return `it can only be set with ${joined(hidden, lookup)}`;
  return (
    explainChoice(symbol, own, definitions, lookup) ??
    explainRange(own, lookup) ??
    `kconfig gave it another value (defined in ${place(own[0])})`
  );
}

const place = (definition: Definition | undefined): string =>
  `${definition?.file ?? '?'}:${definition?.line ?? 0}`;

function unknownSymbol(symbol: string, definitions: readonly Definition[]): string {
  const names = [...new Set(definitions.map((definition) => definition.symbol))];
  const near = names
    .map((name) => ({ name, far: distance(symbol, name) }))
    .filter(({ far }) => far <= Math.min(3, symbol.length / 3))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
  return `this tree has no such option${near.length === 0 ? '' : `; it has ${near.join(', ')}`}`;
}

const describeParts = (parts: readonly Expression[], lookup: Lookup): string =>
  `it depends on ${joined(parts, lookup)}`;

/** Each part with the values that make it false: `NET && INET (NET is not set)`. */
function joined(parts: readonly Expression[], lookup: Lookup): string {
  return parts
    .map((part) => {
      const values = [...new Set(symbolsOf(part))].map((name) => {
        const value = lookup(name);
        return value === 'n' ? `${name} is not set` : `${name}=${value}`;
      });
      return `${formatExpression(part)}${values.length === 0 ? '' : ` (${values.join(', ')})`}`;
    })
    .join(' and on ');
}

/** Why an option is set that should not be. */
function explainSet(
  symbol: string,
  own: readonly Definition[],
  definitions: readonly Definition[],
  lookup: Lookup,
): string {
  const selectors = definitions.filter(
    (definition) =>
      lookup(definition.symbol) !== 'n' &&
      definition.selects.some(
        (s) => s.value === symbol && (s.condition === null || evaluate(s.condition, lookup) > 0),
      ),
  );
  if (selectors.length > 0)
    return `it is selected by ${[...new Set(selectors.map((selector) => selector.symbol))].join(', ')}`;
  const prompts = own.flatMap((definition) => definition.prompts);
  if (prompts.length === 0) return 'it cannot be set by hand; its default applies';
  const hidden = prompts.flatMap((prompt) =>
    prompt.condition === null ? [] : unmetParts(prompt.condition, lookup),
  );
  if (hidden.length > 0) return `it can only be unset with ${joined(hidden, lookup)}`;
  return own.some((definition) => definition.choice !== null)
    ? 'it is the chosen member of a choice'
    : `kconfig set it (defined in ${place(own[0])})`;
}

function explainChoice(
  symbol: string,
  own: readonly Definition[],
  definitions: readonly Definition[],
  lookup: Lookup,
): string | null {
  const choices = new Set(
    own.flatMap((definition) => (definition.choice === null ? [] : [definition.choice])),
  );
  const winner = definitions.find(
    (d) => d.choice !== null && choices.has(d.choice) && d.symbol !== symbol && lookup(d.symbol) === 'y',
  );
  return winner === undefined ? null : `it is one of a choice in which ${winner.symbol} was chosen`;
}

function explainRange(own: readonly Definition[], lookup: Lookup): string | null {
  const range = own
    .flatMap((definition) => definition.ranges)
    .find((r) => r.condition === null || evaluate(r.condition, lookup) > 0);
  return range === undefined ? null : `its range is ${range.value[0]} to ${range.value[1]}`;
}
