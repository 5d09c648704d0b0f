import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import { cacheDir } from '../../../common/cache.ts';
import { ExitCode, RingtrialError } from '../../../common/errors.ts';
import { marks } from './assemble.ts';

/** The page's app could not be built. */
export class AppBuildError extends RingtrialError {
  readonly code = 'PAGE_APP_NOT_BUILT';
  override readonly exitCode = ExitCode.inconclusive;
}

/** In a clone. */
const source = path.join(import.meta.dirname, 'app');
/** In the package, which was built with it (tools/build.ts): who installs that needs no Vite. */
const ready = path.join(import.meta.dirname, 'app.html');

/**
 * The page's app, without data. In a clone it is built when it is first needed, and again when its sources or packages
 * change: about a second.
 *
 * @throws AppBuildError
 */
export async function builtApp(): Promise<string> {
  if (existsSync(ready)) return await readFile(ready, 'utf8');
  const file = path.join(await cacheDir('page'), `${await sourceHash()}.html`);
  const cached = await readFile(file, 'utf8').catch(() => undefined);
  if (cached !== undefined) return cached;
  const app = await buildApp();
  // Whole or not at all, whoever else builds it at the same time.
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, app);
  await rename(draft, file);
  return app;
}

/** What the app takes from the project besides types, from its directory. */
export const shared = ['../../../status.ts'];

/** Of everything that the app is made of: its own files, what it takes from the project, and the packages that make it. */
async function sourceHash(): Promise<string> {
  const names = globSync('**/*.{ts,tsx,css,html,json}', { cwd: source }).toSorted();
  const files = [...names, ...shared, '../app-file.ts'].map((name) => path.join(source, name));
  const packages = ['vite', 'preact', 'vite-plugin-singlefile'].flatMap(
    (name) => findPackageJSON(name, import.meta.url) ?? [],
  );
  const hash = createHash('sha256');
  for (const file of [...files, ...packages])
    hash.update(`${path.basename(file)}\0`).update(await readFile(file));
  return hash.digest('hex').slice(0, 32);
}

/** Builds the app from its sources. Vite is a second's import, and only this needs it. @throws AppBuildError */
export async function buildApp(): Promise<string> {
  try {
    const [{ build }, { viteSingleFile }] = await Promise.all([
      import('vite'),
      import('vite-plugin-singlefile'),
    ]);
    const result = await build({
      root: source,
      configFile: false,
      logLevel: 'silent',
      plugins: [viteSingleFile({ removeViteModuleLoader: true })],
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      build: { write: false, target: 'es2022', modulePreload: false },
    });
    const page = (Array.isArray(result) ? result : [result])
      .flatMap((one) => ('output' in one ? one.output : []))
      .find((file) => file.fileName === 'index.html');
    const text = page?.type === 'asset' ? String(page.source) : '';
    const lost = Object.values(marks).find((mark) => !text.includes(mark));
    if (lost !== undefined) throw new Error(`the built app has no ${lost}`);
    return text;
  } catch (cause) {
    throw new AppBuildError(
      `The page's app could not be built from ${source}: ${(cause as Error).message}\nIf a package is missing, npm ci in Ringtrial's directory brings it.`,
      { cause },
    );
  }
}
