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
