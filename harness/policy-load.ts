import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Policy, policySchema } from './policy-schema.ts';
import { checked, parseJson } from './suite/json.ts';

/**
 * Reads DIR/policy.json; undefined when the suite has none.
 *
 * @throws SuiteError when it is not as it should be
 */
export async function loadPolicy(directory: string): Promise<Policy | undefined> {
  const file = path.join(directory, 'policy.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : checked(policySchema, parseJson(text, file), file);
}
