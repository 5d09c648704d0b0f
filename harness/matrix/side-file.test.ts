import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { aPoint, aReport } from '../fixtures.ts';
import type { SideResult } from '../side.ts';
import { Dependencies } from '../triage/dependencies.ts';
import { readSide, writeSide } from './side-file.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'ringtrial-side-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test('what base did is read as it was written, lock orders included, for that kernel alone', () => {
  const before = new Dependencies(new Map([['a', new Set(['b', '&c->d'])]]), new Set(['b']));
  const after = new Dependencies(
    new Map([
      ['a', new Set(['b'])],
      ['e', new Set()],
    ]),
    new Set(),
  );
  const side: SideResult = {
    points: [
      aPoint('p', 'PASS', { observations: [{ key: 'ms', value: '3', unit: 'ms' }] }),
      aPoint('q', 'MISS'),
    ],
    reports: [aReport('s')],
    orders: [{ program: 'p', before, after }],
    forked: true,
  };
  writeSide(scratch, 'kernel-1', side);
  const read = readSide(scratch, 'kernel-1');
  expect(read).toEqual(side);
  expect(read?.orders[0]?.before.has('a', '&c->d')).toBe(true);
  expect(readSide(scratch, 'kernel-2')).toBeUndefined();
  expect(readSide(path.join(scratch, 'nowhere'), 'kernel-1')).toBeUndefined();
});
