import type { Header } from '../headers.ts';
import type { Row } from '../trace.ts';
import type { SyzkallerTitles } from '../types.ts';
import { names } from './bystanders.ts';
import type { Naming } from './evidence.ts';
import { mentions } from './frames.ts';
import { namingOf } from './rules.ts';

/**
 * The title, alternative titles, type and frame under which syzkaller files a report, so that one can
 * look a report up on its dashboard. Undefined for reports that syzkaller does not take for crashes.
 * `mixed`: two contexts wrote into the report at the same time.
 */
export function syzkallerTitles(
  header: Header,
  rows: readonly Row[],
  mixed: boolean,
): Omit<SyzkallerTitles, 'corrupted'> | undefined {
  const naming = namingOf({ header, bodies: rows.map((r) => r.body), mentions: mentions(rows), mixed });
  return naming === undefined ? undefined : spell(naming);
}

function spell(naming: Naming): Omit<SyzkallerTitles, 'corrupted'> {
  const { prefix, type, alt, func, suffix = '' } = naming;
  if (func === undefined) return { title: prefix, alt: naming.also ?? [], type, frame: naming.frame ?? '' };
  const { name, others } = func === 'corrupted' ? { name: func, others: [] } : names(func);
  const alts = [
    ...others.map((f) => `${prefix} in ${f}`),
    ...(alt === undefined ? [] : [name, ...others].map((f) => `${alt} in ${f}`)),
    ...(naming.also ?? []),
  ];
  return { title: `${prefix} in ${name}${suffix}`, alt: alts.toSorted(), type, frame: name };
}
