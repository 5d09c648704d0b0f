import { isBanner } from './body.ts';
import type { Header } from './headers.ts';
import type { Open } from './open.ts';
import type { Line } from './types.ts';

const LEAD_LINES = 4;

/** From the first line on that says something. */
const withoutBlanks = (lines: readonly Line[]): Line[] => {
  const from = lines.findIndex((l) => l.body.trim() !== '');
  return from < 0 ? [] : lines.slice(from);
};

/** The banner above a header; `before` are the lines above it, newest first. */
export function leadOf(line: Line, before: readonly Line[]): Line[] {
  const lead: Line[] = [];
  for (const l of before.slice(0, LEAD_LINES)) {
    if (!isBanner(l.body) || l.caller !== line.caller) break;
    lead.unshift(l);
  }
  return withoutBlanks(lead);
}

/** Kinds whose printers begin with a line of signs. */
const BANNERED =
  /^(?:lockdep\.(?!off|nonstatic|subclass|key|internal)|rtmutex|kasan|kcsan|kmsan|kfence|ubsan|slub)/;

/**
 * Banners look the same at the end of one report and at the beginning of the next: where a report begins while
 * another is being read, its own banner goes over to it, and what closes the other one stays there.
 */
export function divide(lead: readonly Line[], header: Header, owner: Open): Line[] {
  const last = owner.lines[owner.kept - 1] as Line;
  if (!BANNERED.test(header.rule.kind)) return withoutBlanks(lead.filter((l) => l.start >= last.end));
  const own = lead.slice(
    Math.max(
      lead.findLastIndex((l) => l.body.trim() !== ''),
      0,
    ),
  );
  const from = own[0]?.start ?? Number.POSITIVE_INFINITY;
  const goes = (l: Line): boolean => l.start >= from || l.body.trim() === '';
  // Its header stays in any case.
  while (owner.kept > owner.at + 1 && goes(owner.lines[owner.kept - 1] as Line)) owner.kept--;
  return own;
}
