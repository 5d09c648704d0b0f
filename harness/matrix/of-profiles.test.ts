import { expect, test } from 'vitest';
import { chooseProfiles, planOfProfiles, treeFor } from './of-profiles.ts';

test('several profiles are one candidate on one tree, one trial each, with the same settings', async () => {
  const options = { patch: 'quiesce-all', tree: 'debian:6.1', only: ['memory-returned'], repeat: 2 };
  const { name, trials } = await planOfProfiles(options, ['lockdep', 'kasan']);
  expect(name).toBe('quiesce-all-profiles');
  expect(trials.map(({ id }) => id)).toEqual([
    'quiesce-all@debian:6.1/lockdep/fixed-buffers',
    'quiesce-all@debian:6.1/kasan/fixed-buffers',
  ]);
  expect(trials[1]?.settings).toEqual({ only: ['memory-returned'], repeat: 2 });
});

test('names are taken as they are, once each, and a misspelt one is refused', async () => {
  const { profiles } = await chooseProfiles(['kasan', 'bare', 'kasan'], 'debian:6.1', {});
  expect(profiles).toEqual(['kasan', 'bare']);
  await expect(chooseProfiles(['kazan'], 'debian:6.1', {})).rejects.toThrow(/Did you mean 'kasan'/);
});

test('the tree is what the candidate names, unless somebody names another', async () => {
  expect(await treeFor('1-select-at-submission', undefined)).toBe('debian:7.2');
  expect(await treeFor('1-select-at-submission', 'debian:6.1')).toBe('debian:6.1');
  expect(await treeFor('base', undefined)).toBe('debian:6.1');
});
