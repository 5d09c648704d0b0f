import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rulePrerequisites } from './compile.ts';
import { SuiteBuildError, SuiteError } from './errors.ts';
import { loadSuite, onlyPrograms } from './load.ts';

// Its name is one that make alone would stumble over.
let root = '';
const cacheBefore = process.env['XDG_CACHE_HOME'];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ringtrial suites: $(x) #'));
  process.env['XDG_CACHE_HOME'] = await mkdtemp(path.join(tmpdir(), 'ringtrial-cache-'));
});
afterAll(async () => {
  await chmod(root, 0o700);
  await rm(root, { recursive: true, force: true });
  await rm(process.env['XDG_CACHE_HOME'] ?? '', { recursive: true, force: true });
  if (cacheBefore === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = cacheBefore;
});

let made = 0;
async function suiteOf(programs: readonly object[], files: Record<string, string>): Promise<string> {
  const directory = path.join(root, `suite-${++made}`);
  await mkdir(directory);
  const described = programs.map((program) => ({ summary: 'a test', ...program }));
  const suite = { title: 'Mine', description: '', programs: described };
  await writeFile(path.join(directory, 'suite.json'), JSON.stringify(suite));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), text);
  }
  return directory;
}

const listing = (...names: string[]): string => `
#include <stdio.h>
int main(void) { ${names.map((name) => `puts("${name}");`).join(' ')} return 0; }
`;

/** Uses the library as every shipped program does. */
const withLibrary = `
#include "program.h"
static void nothing(struct run *run) { (void)run; }
static const struct point points[] = { { "first", "nothing", 1, nothing }, { "second", "nothing", 1, nothing } };
int main(int argc, char **argv) {
  static const struct program program = { .name = "mine", .summary = "-", .details = "-", POINTS(points) };
  return program_main(&program, argc, argv);
}
`;

const failure = async (directory: string): Promise<Error> => {
  const error = await loadSuite(directory).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Error);
  return error as Error;
};

describe("an author's programs", () => {
  test('are compiled with the library, from one file or several, whatever the protocol', async () => {
    const directory = await suiteOf(
      [
        { name: 'mine', source: 'mine.c' },
        { name: 'parts', source: ['parts/main.c', 'parts/names.c'] },
        { name: 'code', source: 'code.c', protocol: 'exit-code' },
        { name: 'silent', source: 'code.c', points: ['one', 'two'] },
      ],
      {
        'mine.c': withLibrary,
        'parts/main.c': '#include "names.h"\nint main(void) { return names(); }\n',
        'parts/names.h': 'int names(void);\n',
        'parts/names.c':
          '#include <stdio.h>\n#include "names.h"\nint names(void) { puts("a.b"); return 0; }\n',
        'code.c': 'int main(void) { return 77; }\n',
      },
    );
    const suite = await loadSuite(directory);
    expect(suite.programs.map((program) => [program.name, program.points])).toEqual([
      ['mine', ['first', 'second']],
      ['parts', ['a.b']],
      ['code', ['code']],
      ['silent', ['one', 'two']],
    ]);
    expect(suite.programs[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(onlyPrograms(suite, ['code']).programs).toHaveLength(1);
    expect(() => onlyPrograms(suite, ['cod'])).toThrow(
      `Suite "${suite.name}" has no program "cod". It has: mine, parts, code, silent.`,
    );
  });

  test('are compiled again when a header changes that lies elsewhere', async () => {
    await writeFile(path.join(root, 'shared.h'), '#define NAME "before"\n');
    const directory = await suiteOf([{ name: 'mine', source: 'mine.c' }], {
      'mine.c': '#include <stdio.h>\n#include "../shared.h"\nint main(void) { puts(NAME); return 0; }\n',
    });
    expect((await loadSuite(directory)).programs[0]?.points).toEqual(['before']);
    await writeFile(path.join(root, 'shared.h'), '#define NAME "after"\n');
    expect((await loadSuite(directory)).programs[0]?.points).toEqual(['after']);
  });

  test('that do not compile are told with file and line', async () => {
    const directory = await suiteOf([{ name: 'mine', source: 'mine.c' }], {
      'mine.c': 'int main(void)\n{\n\treturn x;\n}\n',
    });
    const error = await failure(directory);
    expect(error).toBeInstanceOf(SuiteBuildError);
    expect(error.message).toContain(`${directory}/mine.c:3:16: error: `);
    expect(error.message).not.toContain('make');
  });

  test('that lack a header are told with file and line', async () => {
    const directory = await suiteOf([{ name: 'mine', source: 'mine.c' }], {
      'mine.c': '#include "missing.h"\nint main(void) { return 0; }\n',
    });
    const error = await failure(directory);
    expect(error).toBeInstanceOf(SuiteBuildError);
    expect(error.message).toMatch(/mine\.c:1:10: fatal error: missing\.h/);
  });

  test('that do not link are told', async () => {
    const directory = await suiteOf([{ name: 'mine', source: 'mine.c' }], {
      'mine.c': 'int elsewhere(void);\nint main(void) { return elsewhere(); }\n',
    });
    expect((await failure(directory)).message).toMatch(/undefined reference to `elsewhere'/);
  });

  test.each([
    ['prints its results instead', listing('KTAP version 1', 'ok 1 something')],
    ['prints nothing', listing()],
    ['fails', 'int main(void) { return 1; }\n'],
  ])('must name their points: one that %s is refused', async (_, text) => {
    const directory = await suiteOf([{ name: 'mine', source: 'mine.c' }], { 'mine.c': text });
    const error = await failure(directory);
    expect(error).toBeInstanceOf(SuiteError);
    expect(error.message).toContain('does not print the names of its test points with --list');
    expect(error.message).toContain('"protocol": "exit-code"');
  });
});

describe("a suite's policy", () => {
  const programs = [{ name: 'code', source: 'code.c', protocol: 'exit-code' }];
  const code = { 'code.c': 'int main(void) { return 0; }\n' };

  test('comes with it', async () => {
    const directory = await suiteOf(programs, { ...code, 'policy.json': '{ "entries": [] }' });
    expect((await loadSuite(directory)).policy).toEqual({ failuresOfBase: 'doubt', entries: [] });
    expect((await loadSuite(await suiteOf(programs, code))).policy).toBeUndefined();
  });

  test('that is not as it should be is refused', async () => {
    const directory = await suiteOf(programs, { ...code, 'policy.json': '{ "entires": [] }' });
    expect((await failure(directory)).message).toContain(`${directory}/policy.json is not as it should be`);
  });
});

describe("gcc's rules", () => {
  test('give the files, without the object, whatever is in their names', () => {
    const rules = 'a.o: a.c ../b\\ c.h \\\n  d$$e.h\nother.o: other.c a.c\n';
    expect(rulePrerequisites(rules)).toEqual(['../b c.h', 'a.c', 'd$e.h', 'other.c']);
  });
});
