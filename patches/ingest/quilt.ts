import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { RingtrialError } from '../../common/errors.ts';
import { type Stack, wholeFiles } from './input.ts';

/** A quilt series that cannot be followed. */
export class QuiltSeriesError extends RingtrialError {
  readonly code = 'QUILT_SERIES';
}

/**
 * A quilt series (quilt(1)): a file `series` that lists the patches, beside them or in `patches/`. Undefined when
 * the directory is none.
 *
 * @throws QuiltSeriesError when a patch that it lists is missing, leads out of the directory, or wants a
 * strip level that is not quilt's usual one.
 */
export async function quiltSeries(dir: string, name: string): Promise<Stack | undefined> {
  for (const home of [dir, path.join(dir, 'patches')]) {
    const list = path.join(home, 'series');
    const text = await readFile(list, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const files = await Promise.all(entriesOf(text, list).map((entry) => patchFile(home, entry, list)));
    if (files.length === 0) throw new QuiltSeriesError(`${list} lists no patch.`);
    return {
      kind: 'stack',
      name,
      origin: `the quilt series ${name}`,
      patches: await wholeFiles(files),
      notes: [],
    };
  }
  return undefined;
}

function entriesOf(text: string, list: string): string[] {
  const entries: string[] = [];
  for (const line of text.split('\n')) {
    const [entry = '', ...options] = line
      .replace(/(?:^|\s)#.*$/, '')
      .trim()
      .split(/\s+/);
    if (entry === '') continue;
    const odd = options.find((option) => !/^-p(?:1|ab|)$/.test(option));
    if (odd !== undefined) {
      throw new QuiltSeriesError(`${list} gives ${entry} the option ${odd}; only -p1 is understood.`);
    }
    entries.push(entry);
  }
  return entries;
}

async function patchFile(home: string, entry: string, list: string): Promise<string> {
  const file = path.resolve(home, entry);
  if (!file.startsWith(`${path.resolve(home)}${path.sep}`)) {
    throw new QuiltSeriesError(`${list} lists ${entry}, which is not below the series.`);
  }
  const info = await stat(file).catch(() => undefined);
  if (!info?.isFile()) throw new QuiltSeriesError(`${list} lists ${entry}, which is not there.`);
  return file;
}
