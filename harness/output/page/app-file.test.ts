import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { shared } from './app-file.ts';

const app = path.join(import.meta.dirname, 'app');

test('all that the app takes from the project is in the hash of its sources', () => {
  const files = globSync('**/*.{ts,tsx}', { cwd: app }).filter((name) => !name.endsWith('.test.ts'));
  const taken = files.flatMap((name) =>
    [
      ...readFileSync(path.join(app, name), 'utf8').matchAll(/^import (?!type )[^;]*? from '(\.\.[^']*)';/gm),
    ].map(([, specifier = '']) => specifier),
  );
  expect(files.length).toBeGreaterThan(10);
  expect([...new Set(taken)].toSorted()).toEqual([...shared].toSorted());
});
