import { describe, expect, test } from 'vitest';
import { applySeries } from '../apply.ts';
import { candidateOf, text, Workshop } from '../fixtures.ts';
import { diffText, sectionsIn } from '../ingest/sections.ts';
import { refit } from './refit.ts';
import { readingsIn } from './search.ts';

const file = [
  ...['#include <x.h>', '', 'static int f(struct req *req)', '{', '\tint ret = 0;', ''],
  ...['\tif (req->opcode == READ_FIXED) {', '\t\treq->imu = NULL;', '\t\tret = look_up(req, 0);', '\t}', ''],
  ...['\t/* the rest */', '\treturn ret;', '}', '', 'static int g(void)', '{', '\treturn 1;', '}'],
];

const diff = [
  ...['--- a/io_uring/a.c', '+++ b/io_uring/a.c', '@@ -7,7 +7,8 @@ static int f(struct req *req)'],
  ...[' \tif (req->opcode == READ_FIXED) {', ' \t\treq->imu = NULL;', '-\t\tret = look_up(req, 0);'],
  ...[
    '+\t\tlock(req->ctx);',
    '+\t\tret = look_up(req, 1);',
    ' \t}',
    ' ',
    ' \t/* the rest */',
    ' \treturn ret;',
  ],
];

/** The diff after some mail software, refitted to the file; undefined when there is no single repair. */
const after = (
  damage: (lines: string[]) => string[],
  content: readonly string[] = file,
): string[] | undefined => {
  const sections = sectionsIn(Buffer.from(text(damage([...diff]))));
  const fitted = refit(sections, () => content);
  return fitted && diffText(fitted.sections).trimEnd().split('\n');
};

const body =
  (change: (line: string) => string) =>
  (lines: string[]): string[] =>
    lines.map((line, i) => (i < 3 ? line : change(line)));

describe('refit', () => {
  test('leaves alone what fits', () => {
    expect(refit(sectionsIn(Buffer.from(text(diff))), () => file)).toMatchObject({
      effort: 'none',
      notes: [],
    });
  });

  test.for([
    ['tabs as eight blanks', body((line) => line.replaceAll('\t', '        '))],
    ['tabs as four blanks', body((line) => line.replaceAll('\t', '    '))],
    [
      'tabs to the columns of the patch',
      body((line) => line.replace('\t\t', ' '.repeat(15)).replace('\t', ' '.repeat(7))),
    ],
    ['an empty line that is gone', (lines: string[]) => lines.filter((line) => line !== ' ')],
    [
      'a broken context line',
      (lines: string[]) =>
        lines.flatMap((line) =>
          line.includes('if (') ? [' \tif (req->opcode ==', 'READ_FIXED) {'] : [line],
        ),
    ],
    ['two lines in one', (lines: string[]) => lines.toSpliced(3, 2, `${lines[3]} ${lines[4]?.trim()}`)],
  ] as const)('%s', ([, damage]) => {
    expect(after(damage)).toEqual(diff);
  });

  test('all blanks at the beginning of lines: indentation after the braces', () => {
    expect(after(body((line) => `${line[0]}${line.slice(1).trim()}`))).toEqual(diff);
  });

  test('says for how many lines it did so', () => {
    const spoilt = diff.map((line, i) => (i < 3 ? line : line.replaceAll('\t', '        ')));
    expect(refit(sectionsIn(Buffer.from(text(spoilt))), () => file)).toMatchObject({
      effort: 'blanks',
      notes: [
        "io_uring/a.c: the hunk at line 7 had other blanks or line breaks than the file in 6 of its lines; the file's were taken",
        "io_uring/a.c: 2 added lines of it got blanks after the file's example",
      ],
    });
  });

  test('does nothing where more than one repair fits', () => {
    // Before the added line or behind it: nobody can tell where the empty line was.
    const content = ['\ta();', '', '\tb();'];
    const lines = [
      '--- a/a.c',
      '+++ b/a.c',
      '@@ -1,3 +1,4 @@',
      '         a();',
      '+        n();',
      '         b();',
    ];
    expect(refit(sectionsIn(Buffer.from(text(lines))), () => content)).toBeUndefined();
  });

  test('does nothing where nothing fits, and where there is no file', () => {
    expect(
      after(
        body((line) => line.replace('look_up(req, 0)', 'find(req)')),
        file,
      ),
    ).toBeUndefined();
    const sections = sectionsIn(Buffer.from(text(diff)));
    expect(refit(sections, () => undefined)).toMatchObject({ effort: 'none' });
  });

  test('never fits in a second time what is applied', () => {
    const applied = file.toSpliced(8, 1, '\t\tlock(req->ctx);', '\t\tret = look_up(req, 1);');
    expect(after((lines) => lines, applied)).toBeUndefined();
  });

  test('a hunk of empty lines against a file of empty lines ends soon', () => {
    const started = performance.now();
    const lines = Array.from({ length: 300 }, () => ' ');
    readingsIn(
      Array.from({ length: 20_000 }, (_, i) => (i % 50 === 0 ? 'x' : '')),
      { lines: [...lines, ' y'], oldCount: 301, newCount: 301 },
    );
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('applySeries with a damaged patch', () => {
  test('repairs it, says so, and keeps what was applied', async () => {
    await using shop = await Workshop.open();
    const tree = await shop.tree('tree', { 'io_uring/a.c': text(file) });
    const spoilt = text(diff.map((line, i) => (i < 3 ? line : line.replaceAll('\t', '        '))));
    const applied = await applySeries(tree, candidateOf(spoilt));
    expect(applied.fit).toBe('blanks');
    expect(applied.fuzz).toHaveLength(2);
    const result = Buffer.from(applied.changes[0]?.content ?? '').toString();
    expect(result).toBe(text(file.toSpliced(8, 1, '\t\tlock(req->ctx);', '\t\tret = look_up(req, 1);')));
    expect(Buffer.from(applied.refitted.get('1.patch') ?? '').toString()).toBe(text(diff));
  });
});
