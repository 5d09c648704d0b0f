import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { confinedCommand } from './sandbox.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-sandbox-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a confined command', () => {
  const of = (how: 'as nobody' | 'as this user'): string =>
    confinedCommand(['make'], {
      confinement: { how, bwrap: '/usr/bin/bwrap' },
      area: { writable: ['/cache/builds/build'], readable: ['/cache/builds/src'] },
      env: { CCACHE_DIR: '/cache/ccache' },
    }).join(' ');

  test('of root gives up root; of another user it is nobody else', () => {
    expect(of('as nobody')).toMatch(/ -- setpriv --reuid=65534 .*--no-new-privs.* make$/);
    expect(of('as this user')).toMatch(/ --unshare-user --disable-userns .* -- make$/);
  });

  test('may write where it is told to, and read the source', () => {
    const words = of('as nobody');
    expect(words).toContain('--ro-bind /cache/builds/src /cache/builds/src');
    expect(words).toContain('--bind /cache/builds/build /cache/builds/build --remount-ro /');
    expect(words).toContain('--perms 0755 --dir /cache --perms 0755 --dir /cache/builds');
    expect(words).toContain('--chdir /cache/builds/build');
    expect(words).toContain('--clearenv');
  });
});

test('a machine that makes no namespaces is told of, in the words of bwrap', async () => {
  const refusal = 'bwrap: No permissions to create new namespace';
  writeFileSync(path.join(scratch, 'bwrap'), `#!/bin/sh\necho '${refusal}' >&2\nexit 1\n`, { mode: 0o755 });
  const script = `
    import { confinement, openArea } from '${import.meta.dirname}/sandbox.ts';
    import { run } from '${import.meta.dirname}/run.ts';
    const area = await openArea({ writable: [], readable: [] });
    const { tail } = await run(['echo', 'runs'], { area });
    console.log(JSON.stringify({ ...(await confinement()), tail }));`;
  const PATH = `${scratch}:${process.env['PATH']}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '-e', script],
    { env: { ...process.env, PATH } },
  );
  const why = `this machine lets nobody make namespaces (${refusal})`;
  expect(JSON.parse(stdout)).toEqual({ how: 'not', why, tail: ['runs'] });
});
