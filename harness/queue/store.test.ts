import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ArtefactStore } from './store.ts';

let scratch: string;
let store: ArtefactStore;
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-store-'));
  store = new ArtefactStore(path.join(scratch, 'store'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

function artefact(name: string, text: string): string {
  const directory = path.join(scratch, name);
  mkdirSync(path.join(directory, 'deep'), { recursive: true });
  writeFileSync(path.join(directory, 'deep', 'vmlinux'), text);
  symlinkSync('../elsewhere', path.join(directory, 'base'));
  return directory;
}

test('what is put there comes out as it was, links included', async () => {
  await store.put('kernels/abc', artefact('a', 'one'));
  const into = path.join(scratch, 'out');
  expect(store.get('kernels/abc', into)).toBe(true);
  expect(readFileSync(path.join(into, 'deep', 'vmlinux'), 'utf8')).toBe('one');
  expect(readlinkSync(path.join(into, 'base'))).toBe('../elsewhere');
  expect(store.get('kernels/other', path.join(scratch, 'none'))).toBe(false);
});

test('what is damaged does not come out', async () => {
  await store.put('kernels/abc', artefact('a', 'one'));
  appendFileSync(store.at('kernels/abc/deep/vmlinux'), '!');
  const into = path.join(scratch, 'out');
  expect(store.get('kernels/abc', into)).toBe(false);
  expect(existsSync(into)).toBe(false);
});

test('of two that put the same name, the first stays, whole, and nothing is left of the other', async () => {
  const [a, b] = [artefact('a', 'one'), artefact('b', 'two')];
  await Promise.all([store.put('kernels/abc', a), store.put('kernels/abc', b), store.put('kernels/abc', a)]);
  await store.put('kernels/abc', b);
  expect(readdirSync(store.at('kernels')).toSorted()).toEqual(['abc']);
  const into = path.join(scratch, 'out');
  expect(store.get('kernels/abc', into)).toBe(true);
  expect(readdirSync(into).toSorted()).toEqual(['base', 'deep']);
});

test('a file is written once, and everybody is told who did', () => {
  expect(store.writeOnce('outcomes/x.json', 'first')).toBe(true);
  expect(store.writeOnce('outcomes/x.json', 'second')).toBe(false);
  expect(store.read('outcomes/x.json')).toBe('first');
  expect(store.read('outcomes/y.json')).toBeUndefined();
  expect(readdirSync(store.at('outcomes'))).toEqual(['x.json']);
});
