import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { isRunning } from '../../../common/process.ts';
import { SMALL_SOURCE, scratch, writeSource } from '../testing-tree.ts';
import { resolveTree } from '../tree/resolve.ts';
import type { BuildResult, Tree } from '../types.ts';
import { buildKernel } from './build.ts';

type Target = 'tinyconfig' | 'vmlinux';

/** A kernel that make makes in no time. What a patch wants to be run besides is a part of one of its targets. */
const makefile = (commands: readonly string[] = [], at: Target = 'vmlinux'): string => {
  const also = (target: Target): string =>
    target === at ? commands.map((command) => `\t-${command}\n`).join('') : '';
  return `VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 7
EXTRAVERSION =
NAME = Test
tinyconfig:
	@echo > $(O)/.config
${also('tinyconfig')}
olddefconfig:
	@true
vmlinux:
	@printf '(ringtrial@%s)' '$(KBUILD_BUILD_HOST)' > $(O)/vmlinux
	@touch $(O)/System.map
${also('vmlinux')}`;
};

async function area(): Promise<{ dir: string; tree: Tree } & AsyncDisposable> {
  const base = await scratch();
  const source = path.join(base.dir, 'linux');
  await mkdir(source);
  await writeSource(source, { ...SMALL_SOURCE, Makefile: makefile() });
  return { ...base, tree: await resolveTree(source, {}), [Symbol.asyncDispose]: base[Symbol.asyncDispose] };
}

const build = (tree: Tree, text: string): Promise<BuildResult> =>
  buildKernel(
    {
      tree,
      changes: [{ path: 'Makefile', content: Buffer.from(text), executable: false }],
      label: 'hostile',
      profile: 'lockdep',
    },
    {},
  );

/** The log of a build that ended well. */
async function logOf(tree: Tree, text: string): Promise<string> {
  const result = await build(tree, text);
  if (!result.ok) throw new Error(`${result.error.message}\n${result.error.tail.join('\n')}`);
  return readFileSync(result.kernel.log, 'utf8');
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill();
});

describe('what a patch makes the build run', () => {
  test('has no root, no home, no secret, and writes nowhere but in its build', async () => {
    await using it = await area();
    const secret = path.join(it.dir, 'id_rsa');
    writeFileSync(secret, 'TOP-SECRET\n', { mode: 0o600 });
    const mark = path.join(homedir(), `.ringtrial-escape-${process.pid}`);
    const outside = path.join(it.dir, 'escape');
    const log = await logOf(
      it.tree,
      makefile([
        '@echo "uid $$(id -u)"',
        `@cat ${secret} /etc/shadow`,
        `@touch ${mark} && echo at home`,
        `@touch ${outside} && echo outside`,
        '@echo bad >> $(CURDIR)/init/main.c && echo in the source',
        '@echo core > /proc/sys/kernel/core_pattern && echo in the kernel',
        '@mkdir -p $(O)/in && touch $(O)/in/file $$TMPDIR/x && echo where it may be',
      ]),
    );
    expect(log).toContain('\nwhere it may be\n');
    expect(log).not.toMatch(/TOP-SECRET|root:[*$!]|^(uid 0|at home|outside|in the source|in the kernel)$/m);
    expect(existsSync(mark) || existsSync(outside)).toBe(false);
    expect(readFileSync(path.join(it.tree.dir, 'init/main.c'), 'utf8')).toBe(SMALL_SOURCE['init/main.c']);
  });

  test('reaches no listener and no process of this machine', async () => {
    await using it = await area();
    let visits = 0;
    const listener = createServer((socket) => {
      visits += 1;
      socket.end();
    });
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    const { port } = listener.address() as AddressInfo;
    const victim = spawn('sleep', ['60'], { stdio: 'ignore' });
    started.push(victim);
    const log = await logOf(
      it.tree,
      makefile([
        `@bash -c 'exec 9<>/dev/tcp/127.0.0.1/${port}' && echo connected`,
        `@kill -9 ${victim.pid} && echo killed`,
      ]),
    );
    expect(log).not.toMatch(/^(connected|killed)$/m);
    await expect(build(it.tree, makefile(['@kill -9 -1']))).rejects.toThrow('make was killed');
    listener.close();
    expect(visits).toBe(0);
    expect(isRunning(victim.pid ?? 0)).toBe(true);
  });

  test('does not outlive the build', async () => {
    await using it = await area();
    const name = `ringtrial-left-${process.pid}`;
    await logOf(
      it.tree,
      makefile([`@setsid bash -c 'exec -a ${name} sleep 300' > /dev/null 2>&1 < /dev/null & echo started`]),
    );
    const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
    expect(pids.filter((pid) => commandLine(pid).includes(name))).toEqual([]);
  });

  test('leaves no link that we would follow', async () => {
    await using it = await area();
    const secret = path.join(it.dir, 'secret');
    writeFileSync(secret, 'secret\n');
    const config = await build(it.tree, makefile([`@ln -sf ${secret} $(O)/.config`], 'tinyconfig'));
    expect(config).toMatchObject({ ok: false, error: { message: 'make tinyconfig left no plain .config' } });
    const map = await build(it.tree, makefile([`@ln -sf ${secret} $(O)/System.map`]));
    expect(map).toMatchObject({
      ok: false,
      error: { message: 'System.map is no plain file after the build' },
    });
    expect(readFileSync(secret, 'utf8')).toBe('secret\n');
  });

  test('leaves files that are ours to use, and to build on', async () => {
    await using it = await area();
    const first = await build(it.tree, makefile(['@touch $(O)/one']));
    if (!first.ok) throw new Error(first.error.message);
    expect(lstatSync(first.kernel.vmlinux).uid).toBe(process.getuid?.());
    const log = await logOf(it.tree, makefile(['@ls $(O)/one && echo more >> $(O)/one']));
    expect(log).toMatch(/^\/.*\/one$/m);
  });
});

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};
