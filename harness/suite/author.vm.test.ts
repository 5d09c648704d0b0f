import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluate } from '../evaluate.ts';
import type { TestSide, Verdict } from '../verdict.ts';
import { newTest } from './skeleton.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ringtrial-author-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const program = (name: string, more: object = {}): object => ({
  name,
  source: `${name}.c`,
  protocol: 'exit-code',
  summary: name,
  ...more,
});

/** Prints KTAP by itself, and an observation that a policy can be about. */
const plainKtap = `
#include <stdio.h>
int main(void) {
  puts("KTAP version 1\\n1..2\\n# observe answer=42\\nok 1 first\\n# expected nothing\\n# saw something\\nnot ok 2 second");
  return 1;
}
`;

const sources: Record<string, string> = {
  passes: '#include <unistd.h>\nint main(void) { return access("/tmp/prepared", F_OK) == 0 ? 0 : 1; }\n',
  skips: '#include <stdio.h>\nint main(void) { puts("no such hardware"); return 77; }\n',
  fails: '#include <stdio.h>\nint main(void) { fputs("it is broken\\n", stderr); return 3; }\n',
  hangs: '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n',
  plain: plainKtap,
};

async function writeSuite(directory: string): Promise<void> {
  await newTest('skeleton', directory);
  const file = path.join(directory, 'suite.json');
  const suite = JSON.parse(await readFile(file, 'utf8')) as { programs: object[] };
  suite.programs.push(
    ...['passes', 'skips', 'fails'].map((name) => program(name)),
    program('hangs', { deadlineSeconds: 3 }),
    program('plain', { protocol: 'ktap', points: ['first', 'second'] }),
  );
  await writeFile(file, JSON.stringify({ ...suite, prepare: 'touch /tmp/prepared' }));
  for (const [name, text] of Object.entries(sources))
    await writeFile(path.join(directory, `${name}.c`), text);
  const about = { kernels: '*', reason: 'to see it work', source: 'this test' };
  const entries = [
    { ...about, id: 'forbidden', tests: ['plain.first'], observation: 'answer', noneOf: ['42'] },
    { ...about, id: 'era', tests: ['plain.second'], known: '^expected nothing; saw something$' },
    { ...about, id: 'other', tests: ['fails'], known: 'another message' },
  ];
  await writeFile(path.join(directory, 'policy.json'), JSON.stringify({ entries }));
}

describe("an author's suite", () => {
  test('is run, judged by its policy, and told like any other', async (ctx) => {
    const directory = path.join(root, 'mine');
    await writeSuite(directory);
    const verdict: Verdict = await evaluate({
      patch: 'base',
      tree: 'debian:6.1',
      suite: directory,
      out: path.join(root, 'run'),
      signal: ctx.signal,
    });
    const base = new Map<string, TestSide>(verdict.tests.map((one) => [one.name, one.base]));
    const status = (name: string) => [base.get(name)?.status, base.get(name)?.reason];
    expect([...base.keys()]).toEqual([
      'skeleton.read-at-once',
      'skeleton.read-in-flight',
      'passes',
      'skips',
      'fails',
      'hangs',
      'plain.first',
      'plain.second',
    ]);
    expect(status('skeleton.read-at-once')).toEqual(['PASS', undefined]);
    expect(status('skeleton.read-in-flight')).toEqual(['PASS', undefined]);
    expect(base.get('skeleton.read-in-flight')?.observations[0]).toEqual([
      { key: 'unregister_waited', value: 'yes' },
      { key: 'result', value: 'full' },
    ]);
    expect(status('passes')).toEqual(['PASS', undefined]);
    expect(status('skips')).toEqual(['SKIP', 'no such hardware']);
    expect(status('fails')).toEqual(['FAIL', 'exit status 3: it is broken']);
    expect(status('hangs')).toEqual(['FAIL', 'hang: no result within 3 s']);
    expect(existsSync(path.join(root, 'run', 'base', 'repetition-1', 'hangs.hang', 'stacks.txt'))).toBe(true);
    expect(status('plain.first')[1]).toBe('policy forbidden: answer=42 is forbidden: to see it work');
    expect(base.get('plain.second')).toMatchObject({ status: 'FAIL', known: 'always' });
    const changes = Object.fromEntries(verdict.tests.map(({ name, change }) => [name, change]));
    expect(changes).toMatchObject({
      fails: 'fails on both',
      'plain.second': 'known failure',
      passes: 'same',
    });
    // What fails on base too, and nobody knows of, says nothing about a patch.
    expect(verdict.verdict).toBe('inconclusive');
    expect(verdict.reasons.map(({ subject }) => subject)).toEqual(['fails', 'hangs', 'plain.first']);
    expect(verdict.suite).toBe(directory);
  });
});
