import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { mergeFragments, parseConfig, unmetOptions } from '../config/fragments.ts';
import { loadProfile } from '../config/profile.ts';
import { fileDigest } from '../tree/download.ts';
import { resolveTree } from '../tree/resolve.ts';
import type { BuildRequest, Kernel, KernelEvent, SourceChange, Tree } from '../types.ts';
import { buildKernel } from './build.ts';

// One tree, one work tree and one base kernel, shared with everything else in the cache: a build from nothing takes ten minutes.
let tree: Tree;
let base: Kernel;

const patched = (file: string, text: string): SourceChange => ({
  path: file,
  content: Buffer.from(`${readFileSync(path.join(tree.dir, file), 'utf8')}\n${text}\n`),
  executable: false,
});

const build = async (
  changes: SourceChange[],
  onEvent?: (event: KernelEvent) => void,
  signal?: AbortSignal,
): ReturnType<typeof buildKernel> =>
  buildKernel(
    { tree, changes, label: changes.length === 0 ? 'base' : 'candidate', profile: 'lockdep' },
    { onEvent, signal },
  );

async function mustBuild(changes: SourceChange[], signal?: AbortSignal): Promise<Kernel> {
  const result = await build(changes, undefined, signal);
  if (!result.ok) throw new Error(`${result.error.file}:${result.error.line}: ${result.error.message}`);
  return result.kernel;
}

const forget = (kernel: Kernel): void => rmSync(kernel.dir, { recursive: true });

const symbols = (kernel: Kernel): string => readFileSync(kernel.systemMap, 'utf8');

beforeAll(async () => {
  tree = await resolveTree('debian:6.1', {});
  base = await mustBuild([]);
});

describe('the base', () => {
  test('is a kernel that names its inputs, with every option of the profile', async () => {
    const image = readFileSync(base.vmlinux);
    expect(image.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(image.includes(`Linux version ${base.version} (ringtrial@${base.hash.slice(0, 16)})`)).toBe(true);
    expect(symbols(base)).toMatch(/ T __x64_sys_io_uring_enter$/m);
    const profile = await loadProfile('lockdep');
    const config = parseConfig(readFileSync(base.config, 'utf8'));
    expect(unmetOptions(mergeFragments(profile.fragments, tree.version), config)).toEqual([]);
    expect(readFileSync(base.log, 'utf8')).toContain('  LD      vmlinux\n');
  });

  test('is not built twice', async () => {
    const events: KernelEvent[] = [];
    const started = performance.now();
    const again = await build([], (event) => events.push(event));
    expect(again).toMatchObject({ ok: true, kernel: { hash: base.hash, reused: true } });
    expect(events.map((event) => event.type)).toEqual(['reused']);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('a change that changes nothing is the base', async () => {
    const content = readFileSync(path.join(tree.dir, 'io_uring/rw.c'));
    const result = await build([{ path: 'io_uring/rw.c', content, executable: false }]);
    expect(result).toMatchObject({ ok: true, kernel: { hash: base.hash } });
  });
});

describe('a candidate', () => {
  test('compiles only what it touches, and one that comes back is the same byte for byte', async ({
    signal,
  }) => {
    const probe = (name: string): SourceChange =>
      patched('io_uring/rsrc.c', `int ${name}(void);\nint ${name}(void) { return 1; }`);
    const first = await mustBuild([probe('ringtrial_first')], signal);
    expect(symbols(first)).toContain('ringtrial_first');
    const digest = await fileDigest(first.vmlinux);
    forget(first);
    const second = await mustBuild([probe('ringtrial_second')], signal);
    expect(symbols(second)).toContain('ringtrial_second');
    expect(symbols(second)).not.toContain('ringtrial_first');
    forget(second);

    const again = await mustBuild([probe('ringtrial_first')], signal);
    expect(again).toMatchObject({ hash: first.hash, reused: false });
    expect(again.objectsCompiled).toBeLessThan(100);
    expect(await fileDigest(again.vmlinux)).toBe(digest);
    forget(again);
  });

  test('that does not compile is a result with its place, and harms nothing', async ({ signal }) => {
    const result = await build(
      [patched('io_uring/rw.c', 'int broken(void) { return no_such_thing; }')],
      undefined,
      signal,
    );
    if (result.ok) throw new Error('it was built');
    const lines = readFileSync(path.join(tree.dir, 'io_uring/rw.c'), 'utf8').split('\n').length;
    expect(result.error).toMatchObject({ kind: 'compile', file: 'io_uring/rw.c' });
    expect(result.error.line).toBeGreaterThanOrEqual(lines);
    expect(result.error.message).toMatch(/no_such_thing.* undeclared/);
    expect(readFileSync(result.error.log, 'utf8')).toContain('no_such_thing');
    expect(result.error.tail.join('\n')).toContain('Error');

    const fixed = await mustBuild(
      [patched('io_uring/rw.c', 'int ringtrial_fixed(void);\nint ringtrial_fixed(void) { return 2; }')],
      signal,
    );
    expect(symbols(fixed)).toContain('ringtrial_fixed');
    forget(fixed);
  });

  test('that does not link says which symbol', async ({ signal }) => {
    const result = await build(
      [
        patched(
          'io_uring/rw.c',
          'int ringtrial_gone(void);\nint ringtrial_calls(void);\nint ringtrial_calls(void) { return ringtrial_gone(); }',
        ),
      ],
      undefined,
      signal,
    );
    expect(result).toMatchObject({
      ok: false,
      error: { kind: 'link', message: expect.stringContaining('ringtrial_gone') },
    });
  });

  test('that breaks kconfig is a result, too', async ({ signal }) => {
    const result = await build([patched('lib/Kconfig', 'config RINGTRIAL\n\tnonsense y')], undefined, signal);
    expect(result).toMatchObject({ ok: false, error: { kind: 'config', file: 'lib/Kconfig' } });

    const debug = readFileSync(path.join(tree.dir, 'lib/Kconfig.debug'), 'utf8');
    const content = Buffer.from(debug.replace(/^config PROVE_LOCKING$/m, '$&\n\tdepends on BROKEN'));
    const disabled = await build(
      [{ path: 'lib/Kconfig.debug', content, executable: false }],
      undefined,
      signal,
    );
    expect(disabled).toMatchObject({
      ok: false,
      error: {
        kind: 'config',
        message: expect.stringContaining(
          'CONFIG_PROVE_LOCKING: wanted y, got n: it depends on BROKEN (BROKEN is not set)',
        ),
      },
    });
  });
});

describe('kill -9', () => {
  test('in mid-build leaves nothing that the next build trusts wrongly', async ({ signal }) => {
    // A header, so that several objects are compiled.
    const changes = [
      patched('io_uring/rsrc.h', '#define RINGTRIAL_H 3'),
      patched('io_uring/rw.c', 'int ringtrial_k(void);\nint ringtrial_k(void) { return RINGTRIAL_H; }'),
    ];
    const clean = await mustBuild(changes, signal);
    const digest = await fileDigest(clean.vmlinux);
    forget(clean);
    forget(await mustBuild([patched('io_uring/rw.c', '/* another */')], signal));

    for (const event of ['compile', 'link']) {
      await killAt(event, { tree, changes, label: 'killed', profile: 'lockdep' });
      expect(existsSync(clean.dir)).toBe(false);
    }
    const after = await mustBuild(changes, signal);
    expect(after).toMatchObject({ hash: clean.hash, reused: false });
    expect(await fileDigest(after.vmlinux)).toBe(digest);
    forget(after);
  }, 1_800_000);
});

/** Builds in another process, which is killed at its first event of a type. */
async function killAt(type: string, request: BuildRequest): Promise<void> {
  const changes = request.changes.map((change) => ({
    ...change,
    content: Buffer.from(change.content ?? '').toString('base64'),
  }));
  const script = `
    import { buildKernel } from '${import.meta.dirname}/build.ts';
    const request = ${JSON.stringify({ ...request, changes })};
    request.changes = request.changes.map((c) => ({ ...c, content: Buffer.from(c.content, 'base64') }));
    await buildKernel(request, { onEvent: (e) => { if (e.type === '${type}') process.kill(process.pid, 'SIGKILL'); } });
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = await new Promise<NodeJS.Signals | null>((resolve) =>
    child.on('exit', (_, signal) => resolve(signal)),
  );
  expect(ended).toBe('SIGKILL');
}
