import { existsSync, readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from '@commander-js/extra-typings';
import { RingtrialError } from '../../common/errors.ts';

/** A script that is not there. */
class UnknownScriptError extends RingtrialError {
  readonly code = 'UNKNOWN_SCRIPT';
}

/** Those that come with Ringtrial: `nightly` is tools/nightly.ts, or dist/tools/nightly.js of a package. */
const shippedPlace = path.join(import.meta.dirname, '..');
const extension = path.extname(import.meta.filename);
const shipped: readonly string[] = ['nightly', 'compare-designs'];

export const scriptVerb = () =>
  new Command('script')
    .description("run a script that uses Ringtrial as a library, with Ringtrial's own Node and packages")
    .argument(
      '<file>',
      `a TypeScript or JavaScript module, or the name of one that comes along: ${shipped.join(', ')}`,
    )
    .argument('[words...]', 'arguments of the script')
    .passThroughOptions()
    .action(async (name, words) => {
      const file = scriptFile(name);
      resolveFromHere();
      process.argv = [process.execPath, file, ...words];
      await import(pathToFileURL(file).href);
    });

function scriptFile(name: string): string {
  if (existsSync(name)) return path.resolve(name);
  if (shipped.includes(name)) return path.join(shippedPlace, `${name}${extension}`);
  const modules = readdirSync('.').filter((file) => /\.[cm]?[jt]s$/.test(file));
  const there = modules.length > 0 ? `; here are ${modules.join(', ')}` : '';
  throw new UnknownScriptError(
    `There is no script ${name}${there}. Those of Ringtrial: ${shipped.join(', ')}.`,
  );
}

/** Lets a script anywhere import `ringtrial`, and what Ringtrial itself is built of where it has no packages of its own. */
function resolveFromHere(): void {
  const library = pathToFileURL(path.join(shippedPlace, '..', `index${extension}`)).href;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'ringtrial') return { url: library, shortCircuit: true };
      try {
        return next(specifier, context);
      } catch (error) {
        if (/^(\.|\/|[a-z]+:)/.test(specifier)) throw error;
        return next(specifier, { ...context, parentURL: import.meta.url });
      }
    },
  });
}
