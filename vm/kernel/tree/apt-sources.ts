/** One `deb` source of apt, in the deb822 form of sources.list(5); field names in lower case. */
export interface AptSource {
  readonly types: readonly string[];
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Everything else, `signed-by` above all, as it was written; continuation lines keep their newline. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Names a Debian release may go by in a source, besides its code name. */
const ALIASES = new Set(['stable', 'oldstable', 'oldoldstable', 'testing', 'unstable', 'sid']);

const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');

/**
 * Parses a `.sources` file: stanzas of `Field: value`, separated by empty lines, as in deb822(5). Stanzas that
 * are switched off (`Enabled: no`) are left out.
 */
export function parseDeb822Sources(text: string): AptSource[] {
  return stanzas(text).flatMap((fields) => {
    if (/^(no|false|without|off|disable)$/i.test(fields.get('enabled')?.trim() ?? '')) return [];
    const source: AptSource = {
      types: words(fields.get('types')),
      uris: words(fields.get('uris')),
      suites: words(fields.get('suites')),
      components: words(fields.get('components')),
      fields: new Map(
        [...fields].filter(([name]) => !['types', 'uris', 'suites', 'components', 'enabled'].includes(name)),
      ),
    };
    return source.types.length > 0 && source.uris.length > 0 ? [source] : [];
  });
}

function stanzas(text: string): Map<string, string>[] {
  const result: Map<string, string>[] = [];
  let current = new Map<string, string>();
  let field = '';
  for (const line of [...text.split(/\r?\n/), '']) {
    const start = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line);
    if (line.startsWith('#')) continue;
    if (line.trim() === '') {
      if (current.size > 0) result.push(current);
      current = new Map();
      field = '';
    } else if (start !== null) {
      field = (start[1] ?? '').toLowerCase();
      current.set(field, start[2] ?? '');
    } else if (field !== '' && /^[ \t]/.test(line)) {
      current.set(field, `${current.get(field) ?? ''}\n${line}`);
    }
  }
  return result;
}

/** Parses the one-line form, `deb [ option=value … ] uri suite component …`. Lines it cannot read are left out, as comments are. */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line);
    if (match === null) return [];
    const [, type = '', options, uri = '', suite = '', components] = match;
    const fields = new Map<string, string>();
    for (const option of words(options)) {
      const [key = '', value = ''] = option.split(/\+?=(.*)/s);
      fields.set(OPTION_FIELDS[key] ?? key, value.replaceAll(',', ' '));
    }
    return [{ types: [type], uris: [uri], suites: [suite], components: words(components), fields }];
  });
}

/** Options whose name differs between the two forms, as sources.list(5) says. */
const OPTION_FIELDS: Readonly<Record<string, string>> = {
  arch: 'architectures',
  lang: 'languages',
  target: 'targets',
};

/** Which part of the archive a suite of the host's release comes from; null when the suite is not of that release. */
function archiveOf(suite: string, release: string): 'main' | 'security' | null {
  const name = suite.replace(/\/$/, '');
  const base = name.replace(/(-security|-updates|-backports|-proposed-updates|\/updates)$/, '');
  if (base !== release && !ALIASES.has(base)) return null;
  return /(-security|\/updates)$/.test(name) ? 'security' : 'main';
}

/**
 * The host's own Debian sources, with their suites replaced: every URI that serves the host's release
 * (its code name is `release`) is asked for `suites` instead; those that end in `-security` go to the URIs that
 * serve the security archive. Sources of others, and those signed with another's key, are left out. Empty when
 * the host has no Debian source.
 */
export function retargetSources(
  sources: readonly AptSource[],
  release: string,
  suites: readonly string[],
): AptSource[] {
  const result: AptSource[] = [];
  const seen = new Set<string>();
  for (const source of sources) {
    if (!source.types.includes('deb') || !source.components.includes('main') || !isDebianKey(source))
      continue;
    const kinds = new Set(source.suites.map((suite) => archiveOf(suite, release)));
    const wanted = suites.filter((suite) => kinds.has(suite.endsWith('-security') ? 'security' : 'main'));
    const key = `${source.uris.join(' ')} ${wanted.join(' ')}`;
    if (wanted.length === 0 || seen.has(key)) continue;
    seen.add(key);
    result.push({ ...source, types: ['deb'], suites: wanted, components: ['main'] });
  }
  return result;
}

/** Others' repositories may use Debian's suite names, but then they name a keyring of their own. */
function isDebianKey(source: AptSource): boolean {
  const signedBy = source.fields.get('signed-by');
  return signedBy === undefined || signedBy.includes('\n') || /debian/i.test(signedBy);
}

/** Writes sources as a `.sources` file. */
export function formatSources(sources: readonly AptSource[]): string {
  return sources
    .map((source) =>
      [
        `Types: ${source.types.join(' ')}`,
        `URIs: ${source.uris.join(' ')}`,
        `Suites: ${source.suites.join(' ')}`,
        `Components: ${source.components.join(' ')}`,
        ...[...source.fields].map(([name, value]) => `${name}: ${value}`),
        '',
      ].join('\n'),
    )
    .join('\n');
}
