import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { cacheDir } from '../../../common/cache.ts';
import type { MakeSetting } from '../build/make.ts';
import { findToolchain, type Toolchain } from '../build/toolchain.ts';
import { ConfigOptionError } from '../errors.ts';
import { readJson } from '../process/json.ts';
import { lockFile } from '../process/lock.ts';
import { openArea } from '../process/sandbox.ts';
import type { BuildOptions, Profile, Tree } from '../types.ts';
import { configure } from './configure.ts';
import { mergeFragments, type OptionValues } from './fragments.ts';

/** Whether a tree's kconfig gives a profile all that it asks for. */
const Check = z.object({ supported: z.boolean(), why: z.string().nullable() });
export type ProfileCheck = z.infer<typeof Check>;

interface Question {
  readonly wanted: OptionValues;
  readonly toolchain: Toolchain;
  readonly record: string;
}

/**
 * What is known of a tree and a profile from an earlier `checkProfile`; null when nothing is, or when
 * the profile or the compiler has changed since.
 *
 * @throws MissingToolError, InvalidProfileError
 */
export async function knownCheck(tree: Tree, profile: Profile): Promise<ProfileCheck | null> {
  return await readJson((await ask(tree, profile)).record, Check);
}

/**
 * Configures a tree for a profile, without building anything: seconds, not minutes. The answer is kept.
 *
 * @throws MissingToolError, BuildEnvironmentError, the signal's reason
 */
export async function checkProfile(
  tree: Tree,
  profile: Profile,
  options: BuildOptions,
): Promise<ProfileCheck> {
  const { wanted, toolchain, record } = await ask(tree, profile);
  const home = path.dirname(record);
  await using lock = await lockFile(path.join(home, 'lock'), {
    signal: options.signal,
    onWait: (holder) => options.onEvent?.({ type: 'waiting', what: `the check of ${tree.id}`, holder }),
  });
  const buildDir = path.join(home, 'build');
  await mkdir(buildDir, { recursive: true });
  try {
    const area = await openArea({
      writable: [buildDir],
      readable: [tree.dir],
      shared: [await cacheDir('ccache')],
    });
    const setting: MakeSetting = {
      ...{ sourceDir: tree.dir, buildDir, log: path.join(home, 'log'), lock, area, toolchain },
      ...{ stamp: 'check', makeVariables: profile.makeVariables },
    };
    const check = await tryConfigure(
      { profile: profile.name, version: tree.version, options: wanted },
      setting,
      options,
    );
    await writeFile(record, `${JSON.stringify(check, null, 2)}\n`);
    return check;
  } finally {
    await rm(buildDir, { recursive: true, force: true });
  }
}

async function tryConfigure(...args: Parameters<typeof configure>): Promise<ProfileCheck> {
  try {
    const failed = await configure(...args);
    return failed === null
      ? { supported: true, why: null }
      : { supported: false, why: failed.error?.message ?? 'make failed without saying why' };
  } catch (error) {
    if (!(error instanceof ConfigOptionError)) throw error;
    const why = error.mismatches.map(({ option, reason }) => `${option}: ${reason}`).join('; ');
    return { supported: false, why };
  }
}

async function ask(tree: Tree, profile: Profile): Promise<Question> {
  const wanted = mergeFragments(profile.fragments, tree.version);
  const toolchain = await findToolchain({});
  const digest = createHash('sha256').update(`${tree.hash}\0${toolchain.identity}\0`);
  for (const [name, value] of wanted) digest.update(`${name}=${value}\0`);
  const record = `${profile.name}-${digest.digest('hex').slice(0, 16)}.json`;
  return { wanted, toolchain, record: path.join(await cacheDir('checks', tree.id), record) };
}
