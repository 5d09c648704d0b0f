import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Verdict, verdictSchema } from './verdict.ts';

/** The finished verdict of a run directory; undefined when there is none, or only a part of one. */
export function readVerdict(directory: string): Verdict | undefined {
  try {
    return verdictSchema.parse(JSON.parse(readFileSync(path.join(directory, 'verdict.json'), 'utf8')));
  } catch {
    return undefined;
  }
}
