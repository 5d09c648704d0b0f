import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** What each part may import besides itself and `common`. */
const allowed: Record<string, readonly string[]> = {
  common: [],
  patches: [],
  vm: [],
  harness: ['patches', 'vm'],
  tools: ['harness', 'patches', 'vm'],
};

const root = fileURLToPath(new URL('..', import.meta.url));

const specifiers = (text: string): string[] =>
  [
    ...text.matchAll(
      /^(?:import|export)\b[^;']*?from '([^'\n]+)';|\bimport\('([^'\n]+)'\)|^import '([^'\n]+)';/gm,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');

const partOf = (file: string): string => path.relative(root, file).split(path.sep)[0] ?? '';

const sources = Object.keys(allowed).flatMap((part) => globSync(`${root}${part}/**/*.ts`));

describe('dependencies point one way', () => {
  test('there is something to check', () => expect(sources.length).toBeGreaterThan(20));

  test('tools -> harness -> {patches, vm} -> common', () => {
    const wrong = sources.flatMap((source) =>
      specifiers(readFileSync(source, 'utf8'))
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => partOf(path.resolve(path.dirname(source), specifier)))
        .filter((target) => target !== partOf(source) && target !== 'common')
        .filter((target) => !allowed[partOf(source)]?.includes(target))
        .map((target) => `${path.relative(root, source)} imports from ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('klog is pure: it reads no file, starts nothing, and knows no other part', () => {
    const klog = path.join(root, 'harness', 'klog') + path.sep;
    // Its tests, and the scoring of golden files, do read files.
    const pure = sources.filter(
      (source) => source.startsWith(klog) && !/\.test\.ts$|\/corpus[^/]*\.ts$/.test(source),
    );
    const impure = pure.flatMap((source) =>
      specifiers(readFileSync(source, 'utf8'))
        .filter(
          (specifier) =>
            !path.resolve(path.dirname(source), specifier).startsWith(klog) || !specifier.startsWith('.'),
        )
        .map((specifier) => `${path.relative(root, source)} imports ${specifier}`),
    );
    expect(pure.length).toBeGreaterThan(5);
    expect(impure).toEqual([]);
  });

  test('zx only in tools', () => {
    const wrong = sources.filter(
      (source) => partOf(source) !== 'tools' && specifiers(readFileSync(source, 'utf8')).includes('zx'),
    );
    expect(wrong).toEqual([]);
  });
});
