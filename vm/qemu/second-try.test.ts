import { describe, expect, test } from 'vitest';
import type { BootRequest } from './boot.ts';
import { GuestBootError } from './boot-error.ts';
import { twice } from './second-try.ts';

const request = { directory: '/run/guest' } as BootRequest;

const failed = (more: { console?: string; stage?: 'qemu' | 'ssh' } = {}): GuestBootError =>
  new GuestBootError({
    ...{ stage: 'ssh', deadlineMs: 90_000, console: '', stderr: '', consolePath: '/run/guest/console.log' },
    ...more,
  });

/** Boots that end as given, one after the other, and the directories they had. */
function boots(...ends: (GuestBootError | 'up')[]) {
  const directories: string[] = [];
  const boot = async ({ directory }: BootRequest): Promise<string> => {
    const end = ends[directories.length];
    directories.push(directory);
    if (end instanceof GuestBootError) throw end;
    return 'up';
  };
  return { directories, boot };
}

describe('a boot with a second try', () => {
  test('goes through at once, mostly', async () => {
    const { directories, boot } = boots('up');
    expect(await twice(request, boot)).toBe('up');
    expect(directories).toEqual(['/run/guest']);
  });

  test('has a directory of its own the second time, and tells what became of the first', async () => {
    const { directories, boot } = boots(failed(), 'up');
    const told: string[] = [];
    expect(await twice(request, boot, ({ short }) => told.push(short))).toBe('up');
    expect(directories).toEqual(['/run/guest', '/run/guest-second-try']);
    expect(told).toEqual(['init was ready, but its SSH server let nobody in within 90 s']);
  });

  test('fails when it fails again', async () => {
    const last = failed();
    await expect(twice(request, boots(failed(), last).boot)).rejects.toBe(last);
  });

  test.each([
    ['a panic', failed({ console: 'Kernel panic - not syncing: x\n' })],
    ['a QEMU that starts no guest', failed({ stage: 'qemu' })],
  ])('is not made after %s', async (_what, error) => {
    const { directories, boot } = boots(error, 'up');
    await expect(twice(request, boot)).rejects.toBe(error);
    expect(directories).toHaveLength(1);
  });
});
