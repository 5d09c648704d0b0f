import { globSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { $ } from 'zx';
import { buildApp } from '../harness/output/page/app-file.ts';

/**
 * `npm run build`: makes `dist/`, what the package holds: JavaScript and types of everything that the library and the
 * command line reach, and beside them, where their modules look, the files that are no TypeScript.
 */
const assets = [
  'patches/candidates/**',
  'patches/mutants/**',
  'vm/image/*.{c,sh}',
  'vm/kernel/profiles/**',
  'tests/**',
  'harness/triage/goldens/*.txt',
  'harness/klog/goldens/*/*.log',
];

// Vite takes what stands there, for instance `test`.
process.env['NODE_ENV'] = 'production';

const root = path.join(import.meta.dirname, '..');
await rm(path.join(root, 'dist'), { recursive: true, force: true });
await $({ cwd: root, stdio: 'inherit' })`npx tsc -p tsconfig.build.json`;
for (const entry of globSync(assets, { cwd: root, withFileTypes: true })) {
  if (!entry.isFile() || /\.(ts|o)$/.test(entry.name)) continue;
  const source = path.join(entry.parentPath, entry.name);
  const target = path.join(root, 'dist', path.relative(root, source));
  await mkdir(path.dirname(target), { recursive: true });
  await cp(source, target, { preserveTimestamps: true });
}
await writeFile(path.join(root, 'dist/harness/output/page/app.html'), await buildApp());
