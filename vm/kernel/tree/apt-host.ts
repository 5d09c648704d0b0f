import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { type AptSource, parseDeb822Sources, parseOneLineSources } from './apt-sources.ts';

/** All sources the host's apt knows. */
export async function hostSources(): Promise<AptSource[]> {
  const etc = '/etc/apt';
  const parts: string[] = await readdir(path.join(etc, 'sources.list.d')).catch(() => []);
  const files = ['sources.list', ...parts.toSorted().map((name) => path.join('sources.list.d', name))];
  const sources: AptSource[] = [];
  for (const name of files) {
    const text = await readFile(path.join(etc, name), 'utf8').catch(() => '');
    if (name.endsWith('.list')) sources.push(...parseOneLineSources(text));
    else if (name.endsWith('.sources')) sources.push(...parseDeb822Sources(text));
  }
  return sources;
}

/** The host's code name, e.g. `bookworm`, from os-release(5). */
export async function hostRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^VERSION_CODENAME="?([\w-]+)/m.exec(text)?.[1] ?? 'stable';
}
