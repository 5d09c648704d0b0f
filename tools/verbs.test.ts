import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Help } from '@commander-js/extra-typings';
import { describe, expect, test } from 'vitest';
import { askedVerb, termOf, verbs } from './verbs.ts';

describe('the list of verbs', () => {
  test.each(verbs)('says of $name what $name says of itself', async (verb) => {
    const command = await verb.load();
    expect(command.name()).toBe(verb.name);
    expect(command.description()).toBe(verb.description);
    expect(new Help().subcommandTerm(command)).toBe(termOf(verb));
  });

  test('is shown without loading one of them', () => {
    const program = fileURLToPath(new URL('ringtrial.ts', import.meta.url));
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--import', tellLoaded, program, '--help'],
      {
        encoding: 'utf8',
      },
    );
    expect(status).toBe(0);
    for (const verb of verbs) expect(stdout).toContain(`  ${termOf(verb)}`);
    expect(stdout).toContain('help [command]');
    expect(stderr).toContain('tools/verbs.ts');
    expect(stderr).not.toContain('tools/verbs/');
  });
});

/** Makes Node name every module that it loads, on standard error. */
const tellLoaded = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({ load: (url, context, next) => { writeSync(2, url + '\\n'); return next(url, context); } });
`)}`;

describe('the verb that is asked for', () => {
  test.each([
    [['evaluate', 'base'], 'evaluate'],
    [['help', 'exec'], 'exec'],
    [['triage', '--help'], 'triage'],
    [['exec', '1234', '--', 'evaluate'], 'exec'],
    [['--help'], undefined],
    [['evalute'], undefined],
    [[], undefined],
  ])('%j', (args, name) => {
    expect(askedVerb(args)?.name).toBe(name);
  });
});
