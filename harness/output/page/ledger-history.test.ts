import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Ledger } from '../../ledger/ledger.ts';
import { runOfVerdict } from '../../load-run.ts';
import type { Verdict } from '../../verdict.ts';
import { aPair, aVerdict } from '../fixtures.ts';
import { collectPage } from './collect.ts';
import { ledgerHistory } from './ledger-history.ts';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(path.join(tmpdir(), 'ringtrial-state-'));
  vi.stubEnv('XDG_STATE_HOME', state);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(state, { recursive: true });
});

const night = (day: number, status: 'PASS' | 'FAIL', more: Partial<Verdict> = {}): Verdict =>
  aVerdict([aPair('steady', 'PASS', status)], status === 'FAIL' ? [{}] : [], {
    startedAt: `2026-01-0${day}T02:00:00.000Z`,
    directory: `/runs/${day}`,
    ...more,
  });

test('what the ledger knows of earlier runs of the same kind is in the page, and nothing later or else', async () => {
  const nights = [night(1, 'PASS'), night(2, 'FAIL'), night(3, 'PASS'), night(4, 'FAIL'), night(5, 'PASS')];
  const other = night(2, 'FAIL', { profile: 'kasan', directory: '/runs/kasan' });
  {
    using ledger = new Ledger();
    for (const verdict of [...nights, other]) ledger.record(verdict, verdict.directory);
  }
  const { index, trials, reports } = await collectPage(runOfVerdict(nights[3] as Verdict), ledgerHistory());
  expect(index.trials[0]?.cells[0]?.at(-1)).toBe('PFP');
  expect(trials[0]?.tests[0]?.past.map(({ run, status }) => [run, status])).toEqual([
    ['/runs/1', 'PASS'],
    ['/runs/2', 'FAIL'],
    ['/runs/3', 'PASS'],
  ]);
  expect(reports[0]?.past.map(({ status }) => status)).toEqual(['not seen', 'seen', 'not seen']);
});

test('a ledger that cannot be read makes no page fail', async () => {
  vi.stubEnv('XDG_STATE_HOME', import.meta.filename);
  const { index } = await collectPage(runOfVerdict(night(1, 'PASS')), ledgerHistory());
  expect(index.trials[0]?.cells[0]?.at(-1)).toBe('');
});
