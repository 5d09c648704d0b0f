import { expect, test } from 'vitest';
import { summarise } from './each.ts';

const step = (patch: string, verdict: 'accepted' | 'rejected' | 'inconclusive') => ({
  patch,
  verdict: { verdict, summary: `${verdict} as ${patch}` },
});

test('names the first patch that is rejected', () => {
  expect(summarise([step('1', 'accepted'), step('2', 'rejected'), step('3', 'rejected')])).toBe(
    'rejected as 3; 2 is the first that is rejected',
  );
});

test('says it also when a later patch puts it right', () => {
  expect(summarise([step('1', 'rejected'), step('2', 'accepted')])).toBe(
    'accepted as 2, but 1 is the first that is rejected: whoever bisects later stops there',
  );
});

test('a good series is as good as its last step; an open one stays open', () => {
  expect(summarise([step('1', 'accepted'), step('2', 'accepted')])).toBe('accepted as 2');
  expect(summarise([step('1', 'accepted'), step('2', 'inconclusive')])).toBe('inconclusive as 2');
  expect(summarise([])).toContain('no patch');
});
