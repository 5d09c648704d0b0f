import { InvalidProfileError } from '../errors.ts';
import { orderHolds } from './ordering.ts';

/** A kconfig fragment: a name for messages and its text. */
export interface Fragment {
  readonly name: string;
  readonly text: string;
}

/** Options with their values as in a `.config`: `y`, `17`, `"text"`, and `n` for "is not set". Names carry their `CONFIG_`. */
export type OptionValues = ReadonlyMap<string, string>;

const SETTING = /^(CONFIG_[A-Za-z0-9_]+)=(.+)$/;
const UNSET = /^# (CONFIG_[A-Za-z0-9_]+) is not set$/;
const GUARD = /^# kernel (any|[<>=].*)$/;
const COMPARISON = /^(<|<=|>|>=)\s*(\d+(?:\.\d+)*)$/;

/**
 * Merges fragments for one kernel version; later ones win.
 *
 * A fragment has the lines of a `.config`, other comments, empty lines, and guards:
 * `# kernel >= 6.4` (`<`, `<=`, `>`, `>=`; several, separated by commas, must all hold) makes the lines below it count only for such kernels, up to
 * the next guard; `# kernel any` ends it. `6.4` means 6.4.0.
 *
 * @throws InvalidProfileError that names fragment and line.
 */
export function mergeFragments(fragments: readonly Fragment[], version: string): OptionValues {
  const merged = new Map<string, string>();
  for (const fragment of fragments) {
    let active = true;
    for (const [index, raw] of fragment.text.split(/\r?\n/).entries()) {
      const line = raw.trimEnd();
      const where = `${fragment.name}:${index + 1}`;
      const guard = GUARD.exec(line);
      if (guard !== null) {
        active = guardHolds(guard[1] ?? '', version, where);
        continue;
      }
      const option = parseOption(line);
      if (option === null) {
        if (line !== '' && !line.startsWith('#')) {
          throw new InvalidProfileError(
            `${where}: '${line}' is no kconfig setting, like CONFIG_NET=y or '# CONFIG_NET is not set'.`,
          );
        }
      } else if (active) {
        merged.set(option.name, option.value);
      }
    }
  }
  return merged;
}

function guardHolds(guard: string, version: string, where: string): boolean {
  if (guard === 'any') return true;
  return guard.split(',').every((part) => {
    const match = COMPARISON.exec(part.trim());
    if (match === null) {
      throw new InvalidProfileError(
        `${where}: '# kernel ${guard}' is no guard, like '# kernel >= 6.4' or '# kernel any'.`,
      );
    }
    return orderHolds(compareVersions(version, match[2] ?? ''), match[1] ?? '');
  });
}

/** Compares `6.1.192` with `6.4` number by number; a missing number is 0 and a suffix such as `-rc3` is ignored. */
export function compareVersions(a: string, b: string): number {
  const numbers = (text: string): number[] => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function parseOption(line: string): { name: string; value: string } | null {
  const setting = SETTING.exec(line);
  if (setting !== null) return { name: setting[1] ?? '', value: setting[2] ?? '' };
  const unset = UNSET.exec(line);
  return unset === null ? null : { name: unset[1] ?? '', value: 'n' };
}

/** Reads a `.config`; comments and everything else that sets nothing is skipped. */
export function parseConfig(text: string): OptionValues {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const option = parseOption(line);
    if (option !== null) values.set(option.name, option.value);
  }
  return values;
}

/** Writes options so that kconfig reads them. */
export const formatConfig = (options: OptionValues): string =>
  [...options]
    .map(([name, value]) => (value === 'n' ? `# ${name} is not set\n` : `${name}=${value}\n`))
    .join('');

/** What was asked for and did not survive. An option that is absent from the `.config` counts as not set. */
export function unmetOptions(
  wanted: OptionValues,
  got: OptionValues,
): { option: string; wanted: string; got: string }[] {
  return [...wanted].flatMap(([option, value]) => {
    const actual = got.get(option) ?? 'n';
    return actual === value ? [] : [{ option, wanted: value, got: actual }];
  });
}
