import { readFile } from 'node:fs/promises';
import type { z } from 'zod';

/**
 * Reads a small file that this program wrote into the cache. Missing, cut off or of another version is all the same: null,
 * and what it described is made again.
 */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : parseJson(text, schema);
}

/** The same for text. */
export function parseJson<T>(text: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
