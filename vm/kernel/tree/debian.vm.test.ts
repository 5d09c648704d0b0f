import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { cacheRoot } from '../../../common/cache.ts';
import { NoNetworkError, UnknownTreeError } from '../errors.ts';
import { scratch } from '../testing-tree.ts';
import type { KernelEvent, Tree } from '../types.ts';
import { resolveTree } from './resolve.ts';

let tree: Tree;
beforeAll(async () => {
  tree = await resolveTree('debian:6.1', {});
});

/** apt and fetch find nobody behind this proxy. */
async function withoutNetwork<T>(action: () => Promise<T>): Promise<T> {
  const before = process.env['http_proxy'];
  process.env['http_proxy'] = process.env['https_proxy'] = 'http://127.0.0.1:9';
  try {
    return await action();
  } finally {
    delete process.env['https_proxy'];
    if (before === undefined) delete process.env['http_proxy'];
    else process.env['http_proxy'] = before;
  }
}

test('is a whole kernel source', () => {
  expect(tree).toMatchObject({ spec: 'debian:6.1', id: `debian-${tree.id.slice(7)}`, family: 'debian-6.1' });
  expect(tree.version).toMatch(/^6\.1\.\d+$/);
});

test('a kernel that Debian does not have comes with those it has', async () => {
  const error = await resolveTree('debian:9.9', {}).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(UnknownTreeError);
  expect((error as Error).message).toMatch(/no linux-source-9\.9.*debian:6\.1/);
});

describe('without network', () => {
  test('and with nothing in the cache, it says so', async () => {
    await using area = await scratch();
    expect(cacheRoot().startsWith(area.dir)).toBe(true);
    await expect(withoutNetwork(() => resolveTree('debian:6.1', {}))).rejects.toThrow(NoNetworkError);
  });

  test('what is cached is used, with a notice, even when it is too old to be the newest', async () => {
    const trees = path.join(cacheRoot(), 'trees', tree.id);
    await using area = await scratch();
    expect(cacheRoot().startsWith(area.dir)).toBe(true);
    const copy = path.join(cacheRoot(), 'trees', tree.id);
    // All that resolving needs of a tree.
    for (const name of ['tree.json', 'manifest']) cpSync(path.join(trees, name), path.join(copy, name));
    const events: KernelEvent[] = [];
    const found = await withoutNetwork(() =>
      resolveTree('debian:6.1', { onEvent: (event) => events.push(event) }),
    );
    expect(found).toEqual({ ...tree, dir: path.join(copy, 'src') });
    expect(events).toContainEqual({
      type: 'notice',
      message: expect.stringContaining(`using the cached ${tree.id}`),
    });
    rmSync(copy, { recursive: true });
  });
});
