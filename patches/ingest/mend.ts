import type { Damage } from './hunk.ts';
import { pathOf, type Section } from './sections.ts';

export interface Mended {
  readonly sections: readonly Section[];
  readonly damage: readonly Damage[];
}

/** Files whose every indentation in the kernel is made of tabs (Documentation/process/coding-style.rst). */
const tabbed = /(?:\.[chS]|(?:^|\/)(?:Makefile|Kbuild|Kconfig[^/]*))$/;

/**
 * Recognises what mail software does to blanks inside of lines. A blank too many before every context line
 * has one repair; tabs that became blanks have none without the file.
 *
 * @param how.surplus look for the blank too many, which only quoting and flowed text bring
 * @param how.flat line breaks were lost, and with them the blanks at both ends of every line
 */
export function mended(sections: readonly Section[], how: { surplus: boolean; flat: boolean }): Mended {
  const result: Section[] = [];
  const damage: Damage[] = [];
  const note = (text: string, mended: boolean): number => damage.push({ note: text, mended });
  for (const section of sections) {
    const path = pathOf(section);
    const surplus = how.surplus && hasSurplusBlank(section);
    result.push(surplus ? withoutSurplus(section) : section);
    if (surplus) note(`${path}: every context line had a blank too many, which was taken away`, true);
    if (how.flat) note(`${path}: line breaks were lost, and with them the indentation`, false);
    else if (tabbed.test(path) && lostTabs(section)) note(`${path}: tabs have become blanks`, false);
  }
  return { sections: result, damage };
}

const linesOf = ({ hunks }: Section): string[] => hunks.flatMap(({ lines }) => [...lines]);

/** ` \t` and ` }` never look like `  \t` and `  }`; in front of a comment's ` *` they may. */
function hasSurplusBlank(section: Section): boolean {
  const context = linesOf(section).filter((line) => line.startsWith(' ') && line.trim() !== '');
  return context.every((line) => line.startsWith('  ')) && context.some((line) => /^ {2}[^ *]/.test(line));
}

function withoutSurplus({ header, hunks }: Section): Section {
  const lines = (all: readonly string[]): string[] =>
    all.map((line) => (line.startsWith('  ') ? line.slice(1) : line));
  return { header, hunks: hunks.map((hunk) => ({ ...hunk, lines: lines(hunk.lines) })) };
}

function lostTabs(section: Section): boolean {
  const lines = linesOf(section);
  if (lines.some((line) => line.includes('\t'))) return false;
  const deep = lines.filter((line) => /^[ +-] {8}/.test(line)).length;
  return deep >= 1 || lines.filter((line) => /^[ +-] {4}\S/.test(line)).length >= 2;
}
