import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataRoot } from '../catalogue.ts';
import { cutDiffs } from '../cut.ts';
import { diffsIn, type FoundDiff, patchIn } from './found.ts';
import { diffText } from './sections.ts';

/** A real diff of the project's own, with tabs, empty context lines, and lines of every kind. */
const stored = readFileSync(
  path.join(
    dataRoot(),
    'mutants',
    'uring-lock-inversion',
    '0001-look-up-fixed-buffers-under-a-lock-of-their-own.patch',
  ),
  'utf8',
);
const cut = cutDiffs(stored);
const diff = 'sections' in cut ? cut.sections.join('') : '';
const diffLines = diff.trimEnd().split('\n');

const part = (text: string, more: { flowed?: boolean; charset?: string } = {}) => ({
  text: Buffer.from(text).toString('latin1'),
  charset: 'utf-8',
  flowed: false,
  deleteSpace: false,
  ...more,
});

const shown = (found: FoundDiff): string => Buffer.from(diffText(found.sections), 'latin1').toString();
const notes = (found: FoundDiff | undefined): string[] => (found?.damage ?? []).map(({ note }) => note);
const quoted = (mark: string, lines: readonly string[]): string =>
  lines.map((line) => `${mark}${line}\n`).join('');

const small = (line: string, number = 1): string[] => [
  'diff --git a/a.c b/a.c',
  'index 1111111..2222222 100644',
  '--- a/a.c',
  '+++ b/a.c',
  `@@ -${number},3 +${number},4 @@ int f(void)`,
  ' \tone();',
  `+\t${line}`,
  ' \ttwo();',
  ' \tthree();',
];

describe('diffsIn', () => {
  test('there is something to try it on', () => expect(diffLines.length).toBeGreaterThan(40));

  test.for(['', '> ', '>> ', '> > > ', '>>> >>', '>', '>>>>>>>>>>>> '] as const)('marks "%s"', (mark) => {
    const [found, ...more] = diffsIn(part(`words\n\n${quoted(mark, diffLines)}\nmore words\n`));
    expect(more).toEqual([]);
    expect(found).toMatchObject({ depth: mark.replaceAll(' ', '').length, whole: true, damage: [] });
    expect(found && shown(found)).toBe(diff);
  });

  test('the blank behind the mark of an empty line may be gone', () => {
    const [found] = diffsIn(part(quoted('>> ', diffLines).replaceAll(/^>> ?$/gm, '>>')));
    expect(found && shown(found)).toBe(diff);
  });

  test('somebody may have written comments between the lines and the hunks', () => {
    const commented = diffLines.flatMap((line, i) =>
      i % 7 === 6 && /^[ +-](?![+-]{2} )/.test(line) ? [`> ${line}`, '', 'Why that?', ''] : [`> ${line}`],
    );
    const [found] = diffsIn(part(commented.join('\n')));
    expect(found).toMatchObject({ whole: true });
    expect(found && shown(found)).toBe(diff);
  });

  test('numbers, the words round the diffs, and nothing of the signature and whom it answers', () => {
    const text = [
      ...[
        'On 1/1/21 1:00 AM, B wrote:',
        '> What now?',
        '',
        'Either [1] or [2].',
        '',
        '1. one thing',
        '',
        '[1]',
      ],
      ...[...small('a();'), '', '', '[2]:', '', ...small('b();', 50), '', 'Untested.', '-- ', 'A'],
    ];
    const found = diffsIn(part(text.join('\n')));
    expect(found.map(({ label, words }) => [label, words])).toEqual(
      ['1', '2'].map((label) => [label, 'Either [1] or [2].\n\n1. one thing\n\nUntested.']),
    );
    expect(found.map(({ keys }) => keys.length)).toEqual([1, 1]);
  });

  test('diffs with words between them are two, files without words between them are one', () => {
    const other = small('b();').map((line) => line.replaceAll('a.c', 'b.c'));
    expect(diffsIn(part([...small('a();'), '', 'and then', '', ...other].join('\n')))).toHaveLength(2);
    expect(diffsIn(part([...small('a();'), '', ...other].join('\n')))).toHaveLength(1);
    expect(diffsIn(part([...small('a();'), ...small('b();', 50)].join('\n')))).toHaveLength(2);
  });

  test('each depth has diffs of its own', () => {
    const text = [
      ...small('mine();'),
      '',
      ...small('yours();').map((line) => `> ${line}`),
      ...small('hers();').map((line) => `>> ${line}`),
    ];
    expect(diffsIn(part(text.join('\n'))).map(({ depth }) => depth)).toEqual([0, 1, 2]);
  });

  test.for([
    ['a sentence about git', 'diff --git is the line that\nmatters here\n'],
    ['an indented example', quoted('    ', small('a();'))],
    ['a hunk without its header', quoted('> ', small('a();').slice(4))],
    ['rulers', '--- \n+++ \n@@ -1 +1 @@\n'],
  ] as const)('%s is no diff', ([, text]) => {
    expect(diffsIn(part(text))).toEqual([]);
  });

  test('a fragment is not whole: a hunk cut short, a header alone', () => {
    for (const count of [4, 5, 6, 7, 8]) {
      const [found] = diffsIn(part(`${quoted('> ', small('a();').slice(0, count))}\nNo.\n`));
      expect([count, found?.whole]).toEqual([count, false]);
    }
  });

  test('what is quoted more than fifty times is not looked into', () => {
    expect(diffsIn(part(quoted(`${'>'.repeat(51)} `, small('a();'))))).toEqual([]);
    expect(diffsIn(part(quoted(`${'>'.repeat(50)} `, small('a();'))))).toHaveLength(1);
  });

  test('keys tell what is changed, whatever became of the blanks', () => {
    const [one] = diffsIn(part(small('a(b, c);').join('\n')));
    const [same] = diffsIn(
      part(
        quoted(
          '> ',
          small('a(b,  c);', 70).map((line) => line.replaceAll('\t', '    ')),
        ),
      ),
    );
    const [other] = diffsIn(part(small('a(b, d);').join('\n')));
    expect(same?.keys).toEqual(one?.keys);
    expect(other?.keys).not.toEqual(one?.keys);
  });
});

describe('damage', () => {
  test('lines that were broken are joined, by the counts', () => {
    const long = `call_with_many_arguments(first_argument, second_argument, third);`;
    const text = small(long).join('\n').replace('second_argument, third', 'second_argument,\nthird');
    const [found] = diffsIn(part(text));
    expect(found?.whole).toBe(true);
    expect(found && shown(found)).toBe(`${small(long).join('\n')}\n`);
    expect(notes(found)).toEqual([
      'a.c: joined a line that was broken in two: "+\tcall_with_many_arguments(first_argument, second_argument, "',
    ]);
  });

  test('soft breaks of flowed text are undone only where the counts ask for it', () => {
    const long = 'call_with_many_arguments(first_argument, second_argument, third);';
    const lines = small(long).map((line) => (line.startsWith(' ') ? ` ${line}` : line));
    const text = lines.join('\n').replace('second_argument, third', 'second_argument, \n third');
    const [found] = diffsIn(part(text, { flowed: true }));
    expect(found && shown(found)).toBe(`${small(long).join('\n')}\n`);
  });

  test('the header of a hunk or a file may be broken too', () => {
    const header = '@@ -1,3 +1,4 @@ static inline int a_function_with_a_long_name(struct io_kiocb *req)';
    const lines = small('a();').with(4, header);
    const text = lines
      .join('\n')
      .replace('name(struct ', 'name(struct\n')
      .replace(' b/a.c\nindex ', ' b/a.c index\n');
    const [found] = diffsIn(part(text));
    expect(found).toMatchObject({ whole: true });
    expect(found && shown(found)).toBe(`${lines.join('\n')}\n`);
  });

  test('a short line is not taken for the beginning of the next', () => {
    const [found] = diffsIn(part(`${small('a();').slice(0, 7).join('\n')}\nThanks,\nA\n`));
    expect(found?.whole).toBe(false);
  });

  test('a blank too many before every context line goes, but a comment keeps its own', () => {
    const extra = small('a();').map((line) => (line.startsWith(' ') ? ` ${line}` : line));
    const [found] = diffsIn(part(quoted('> ', extra)));
    expect(found && shown(found)).toBe(`${small('a();').join('\n')}\n`);
    expect(notes(found)).toEqual(['a.c: every context line had a blank too many, which was taken away']);
    const comment = ['--- a/a.c', '+++ b/a.c', '@@ -1,2 +1,3 @@', '  * one', '+ * two', '  * three'];
    const [kept] = diffsIn(part(quoted('> ', comment)));
    expect(kept && shown(kept)).toBe(`${comment.join('\n')}\n`);
  });

  test('tabs that became blanks are recognised, also as non-breaking ones', () => {
    const blanks = small('a();').map((line) => line.replaceAll('\t', '        '));
    expect(notes(diffsIn(part(blanks.join('\n')))[0])).toEqual(['a.c: tabs have become blanks']);
    const wide = small('a();').map((line) => line.replaceAll('\t', '\u00a0 \u00a0 \u00a0 \u00a0 '));
    const [found] = diffsIn(part(quoted('> ', wide)));
    expect(found).toMatchObject({ whole: true });
    expect(notes(found)).toEqual(['a.c: tabs have become blanks']);
    const text = small('a();').map((line) => line.replaceAll('.c', '.rst').replaceAll('\t', '    '));
    expect(notes(diffsIn(part(text.join('\n')))[0])).toEqual([]);
  });

  test('CR LF is reported', () => {
    expect(notes(patchIn({ ...part(small('a();').join('\n')), crLf: true })?.diff)).toEqual([
      'every line ended in CR LF; they end in LF now',
    ]);
  });
});

describe('a text that lost its line breaks', () => {
  const flat = (lines: readonly string[]): string => lines.join('\n').replaceAll(/\s+/g, ' ');
  const filler = `On some day somebody wrote: > ${'words '.repeat(80)}`;

  test('its quoted diffs come out whole, each with its number', () => {
    const one = small('a = b >> 2;').map((line) => `>>>> ${line}`);
    const two = small('c();', 70).map((line) => `>>>> ${line}`);
    const text = flat([
      filler,
      '>>> You may',
      '>>>> pick [1].',
      '>>>> [1]',
      ...one,
      '>>>>',
      '>>>> [2]',
      ...two,
      '>>> And?',
      'No.',
    ]);
    expect(text).not.toContain('\n');
    const found = diffsIn(part(text));
    expect(found.map(({ label, whole, depth }) => [label, whole, depth])).toEqual([
      ['1', true, 4],
      ['2', true, 4],
    ]);
    expect(found[0] && shown(found[0])).toBe(
      `${small('a = b >> 2;')
        .map((line) => line.replaceAll('\t', line.startsWith('+') ? ' ' : ''))
        .join('\n')}\n`,
    );
    expect(found[0]?.words).toBe('pick [1].');
    expect(notes(found[0])).toEqual(['a.c: line breaks were lost, and with them the indentation']);
  });

  test('an empty context line is put back where it most likely was, as a guess', () => {
    const lines = [
      '--- a/a.c',
      '+++ b/a.c',
      '@@ -9,6 +9,7 @@',
      ' a();',
      ' b();',
      ' c();',
      '+d();',
      ' }',
      ' ',
      ' int e;',
    ];
    const text = flat([
      filler,
      ...['diff --git a/a.c b/a.c', ...lines]
        .filter((line) => line.trim() !== '')
        .map((line) => `>>> ${line}`),
    ]);
    const [found] = diffsIn(part(text));
    expect(found && shown(found)).toContain('+d();\n }\n \n int e;\n');
    expect(notes(found)[0]).toBe('a.c: an empty line is missing; it was put behind "}", which is a guess');
  });
});

describe('hostile text', () => {
  const within = (milliseconds: number, run: () => unknown): void => {
    const started = performance.now();
    run();
    expect(performance.now() - started).toBeLessThan(milliseconds);
  };

  test('a line of millions of quote marks', () => within(3000, () => diffsIn(part('>'.repeat(8_000_000)))));

  test('sixty thousand lines of growing and shrinking depth with diffs that never end', () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `${'>'.repeat(i % 60)} ${small('a();')[i % 9]}`);
    within(10_000, () => diffsIn(part(lines.join('\n'))));
  });

  test('very many beginnings of diffs', () => {
    const start = '> diff --git a/a b/a\n> --- a/a\n> +++ b/a\n> @@ -1,100000 +1,100000 @@\n';
    within(10_000, () => diffsIn(part(start.repeat(10_000))));
    const files = Array.from(
      { length: 20_000 },
      (_, i) => `> --- a/${i}\n> +++ b/${i}\n> @@ -1 +1 @@\n> -a\n> +b\n`,
    );
    within(10_000, () => diffsIn(part(files.join(''))));
    within(10_000, () => diffsIn(part('> --- a/a\n> +++ b/a\n> @@ -1,9 +1,9 @@\nx\n'.repeat(15_000))));
  });

  test('one long line full of marks and hunks', () => {
    within(10_000, () =>
      diffsIn(
        part('>>> diff --git a/a b/a >>> --- a/a >>> +++ b/a >>> @@ -1,2 +1,2 @@ > >> '.repeat(15_000)),
      ),
    );
  });

  test('no text makes it fail, and what comes out whole is a diff that can be read', () => {
    const line = fc.oneof(
      fc.constantFrom(...diffLines),
      fc.string(),
      fc.constantFrom('', '-- ', '[1]', '@@ -1,2 +1,2 @@'),
    );
    const mark = fc.constantFrom('', '> ', '>> ', '>');
    fc.assert(
      fc.property(fc.array(fc.tuple(mark, line)), fc.boolean(), (lines, flowed) => {
        const text = lines.map(([before, after]) => before + after).join('\n');
        for (const found of diffsIn(part(text, { flowed }))) {
          if (found.whole) expect('sections' in cutDiffs(diffText(found.sections))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
