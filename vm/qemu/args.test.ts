import { describe, expect, test } from 'vitest';
import { forkArgs, type GuestShape, recordedArgs } from './args.ts';

const shape: GuestShape = { machine: 'microvm', accelerator: 'tcg', vcpus: 2, memoryMiB: 512 };
const memory = { path: '/m', share: false };
const after = (args: readonly string[], option: string): string | undefined =>
  args.includes(option) ? args[args.indexOf(option) + 1] : undefined;

describe("a guest's processors", () => {
  test('have a thread each, unless their instructions are counted', () => {
    expect(after(forkArgs(shape, memory), '-accel')).toBe('tcg,thread=multi');
    const counted = forkArgs({ ...shape, vcpus: 1, icountShift: 4 }, memory);
    expect([after(counted, '-accel'), after(counted, '-icount')]).toEqual(['tcg,thread=single', 'shift=4']);
  });
});

describe('a recorded guest', () => {
  const files = { vmlinux: '/k', initrd: 'initrd' };
  const args = (mode: 'record' | 'replay', snapshots?: string): string[] =>
    recordedArgs(
      { ...shape, vcpus: 1, icountShift: 2 },
      { files, commandLine: 'x' },
      { mode, file: 'a,b', snapshots },
    );

  test('writes its log, and a replay reads it once it is let go', () => {
    expect(after(args('record'), '-icount')).toBe('shift=2,rr=record,rrfile=a,,b');
    expect(args('record')).not.toContain('-S');
    expect(after(args('replay'), '-icount')).toBe('shift=2,rr=replay,rrfile=a,,b');
    expect(args('replay')).toContain('-S');
  });

  test('has no network and no random numbers of the host', () => {
    expect(args('record').join(' ')).not.toMatch(/virtio|netdev|rng/);
  });

  test('has the same devices when gdb is to go backwards', () => {
    const more = args('replay', 's.qcow2');
    expect(more.filter((word) => !args('replay').includes(word))).toEqual([
      ...['-drive', 'file=s.qcow2,if=none,id=snapshots', '-no-shutdown'],
    ]);
  });
});
