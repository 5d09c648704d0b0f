import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheDir } from '../common/cache.ts';
import { rememberOrders } from './known-orders.ts';
import { Dependencies } from './triage/dependencies.ts';

const orders = (from: string, to: string): Dependencies =>
  new Dependencies(new Map([[from, new Set([to])]]), new Set());

const before = process.env['XDG_CACHE_HOME'];
let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-orders-'));
  process.env['XDG_CACHE_HOME'] = scratch;
});
afterEach(() => {
  rmSync(scratch, { recursive: true, force: true });
  if (before === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = before;
});

test('what a kernel recorded in an earlier run is known in the next one, and only of that kernel', async () => {
  await rememberOrders('k1', [orders('a', 'b')]);
  const known = await rememberOrders('k1', [orders('a', 'c')]);
  expect(known?.has('a', 'b')).toBe(true);
  expect(known?.has('a', 'c')).toBe(true);
  expect((await rememberOrders('k2', [orders('x', 'y')]))?.has('a', 'b')).toBe(false);
});

test('a run without lockdep leaves nothing', async () => {
  expect(await rememberOrders('k1', [])).toBeUndefined();
});

test('a damaged memory is no memory', async () => {
  writeFileSync(path.join(await cacheDir('lock-orders'), 'k1.json'), '{"after": 3}');
  const known = await rememberOrders('k1', [orders('a', 'b')]);
  expect(known?.classes).toEqual(['a']);
});
