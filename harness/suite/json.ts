import { z } from 'zod';
import { SuiteError } from './errors.ts';

/** @throws SuiteError with the place of the fault */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SuiteError(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws SuiteError that names every fault */
export function checked<T>(schema: z.ZodType<T>, json: unknown, file: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new SuiteError(`${file} is not as it should be:\n${z.prettifyError(parsed.error)}`);
}
