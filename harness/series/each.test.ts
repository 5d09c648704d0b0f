import { expect, test } from 'vitest';
import { summarise } from './each.ts';

/** The series up to a patch: rejected for these subjects, where there are any. */
const step = (patch: string, ...subjects: string[]) => {
  const verdict = subjects.length > 0 ? ('rejected' as const) : ('accepted' as const);
  const reasons = subjects.map((subject) => ({ weight: 'reject' as const, subject, text: '' }));
  return { patch, verdict: { verdict, summary: `${verdict} as ${patch}`, reasons } };
};

test('names the patch that brings what the series is rejected for', () => {
  expect(summarise([step('1'), step('2', 'a.b'), step('3', 'a.b', 'c.d')])).toBe(
    'rejected as 3; 2 brings it',
  );
});

test('keeps that apart from an earlier patch that is bad in another way, for a while', () => {
  expect(summarise([step('1', 'build'), step('2'), step('3', 'a.b'), step('4', 'a.b')])).toBe(
    'rejected as 4; 3 brings it; 1 does not compile without those after it, which whoever bisects later meets',
  );
});

test('says it also when a later patch puts it right', () => {
  expect(summarise([step('1', 'a.b'), step('2')])).toBe(
    'accepted as 2; 1 is rejected without those after it, which whoever bisects later meets',
  );
});

test('a good series is as good as its last step; an open one stays open', () => {
  const open = { ...step('2').verdict, verdict: 'inconclusive' as const, summary: 'inconclusive as 2' };
  expect(summarise([step('1'), step('2')])).toBe('accepted as 2');
  expect(summarise([step('1'), { patch: '2', verdict: open }])).toBe('inconclusive as 2');
  expect(summarise([])).toContain('no patch');
});
