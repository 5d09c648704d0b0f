import type { Header } from '../headers.ts';
import type { SyzkallerTitles } from '../types.ts';
import { names } from './bystanders.ts';
import { mentions } from './frames.ts';
import type { Naming } from './naming.ts';
import { namingOf } from './naming.ts';

/**
 * The title, alternative titles, type and frame under which syzkaller files a report, so that one can
 * look a report up on its dashboard. Undefined for reports that syzkaller does not take for crashes.
 */
export function syzkallerTitles(
  header: Header,
  bodies: readonly string[],
): Omit<SyzkallerTitles, 'corrupted'> | undefined {
  const naming = namingOf({ header, bodies, mentions: mentions(bodies) });
  return naming === undefined ? undefined : spell(naming);
}

function spell(naming: Naming): Omit<SyzkallerTitles, 'corrupted'> {
  const { prefix, type, alt, func, suffix = '' } = naming;
  if (func === undefined) return { title: prefix, alt: naming.also ?? [], type, frame: naming.frame ?? '' };
  const { name, others } = func === 'corrupted' ? { name: func, others: [] } : names(func);
  const say = (what: string, f: string): string => `${what} in ${f}`;
  const alts = [
    ...others.map((f) => say(prefix, f)),
    ...(alt === undefined ? [] : [name, ...others].map((f) => say(alt, f))),
    ...(naming.also ?? []),
  ];
  return { title: `${say(prefix, name)}${suffix}`, alt: alts.toSorted(), type, frame: name };
}
