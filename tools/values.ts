import { InvalidArgumentError } from '@commander-js/extra-typings';

/** An option's value that counts something. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('A whole number of at least 1 is needed.');
  return value;
}

/** An option's value that is a list of names. */
export const names = (text: string): string[] => text.split(',');

/** An option's value that is one part of several: `2/5`. */
export function shard(text: string): { index: number; count: number } {
  const [, index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > count)
    throw new InvalidArgumentError('Two numbers are needed, the first not above the second: 1/4 to 4/4.');
  return { index, count };
}

/** How often something is repeated: a number, or until it is sure. */
export function positiveOrAuto(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('A whole number of at least 1 is needed, or auto.');
}

/** An option's value that asks for schedules: how many, and the seed of their choice. */
export function perturbation(text: string): { count: number; seed: number } {
  const found = /^(\d{1,3})(?::(\d{1,9}))?$/.exec(text);
  if (!found) throw new InvalidArgumentError('A whole number is needed, or one and a seed: 8 or 8:2.');
  return { count: positive(found[1] ?? ''), seed: Number(found[2] ?? 1) };
}
