import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chooseAccelerator, trialBoot, trialFirmware } from './accel.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'ringtrial-accel-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A program in QEMU's place, and a device that anybody may open, as on hosts where KVM only seems to be there. */
function double(name: string, script: string): { device: string; qemu: string; memory: undefined } {
  const qemu = path.join(directory, name);
  writeFileSync(qemu, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const device = path.join(directory, 'kvm');
  writeFileSync(device, '');
  return { device, qemu, memory: undefined };
}

describe('the choice of an accelerator', () => {
  test('a real trial guest runs under TCG', async () => {
    expect(await trialBoot('tcg')).toEqual({ works: true, why: 'a trial guest ran' });
  });

  test('KVM that opens and never runs a guest is not used, and the message says so', async () => {
    const chosen = await chooseAccelerator('auto', double('frozen', 'exec sleep 60'));
    expect(chosen.name).toBe('tcg');
    expect(chosen.why).toMatch(/KVM does not work here .*did not execute one instruction in 5 s.*emulated/);
  });

  test('KVM that makes QEMU give up is not used, with what QEMU said', async () => {
    const chosen = await chooseAccelerator(
      'auto',
      double('aborts', 'echo "qemu-system-x86_64: no MSRs" >&2; exit 1'),
    );
    expect(chosen).toEqual({
      name: 'tcg',
      why: 'KVM does not work here (QEMU gave up on a trial guest: no MSRs), so instructions are emulated',
    });
  });

  test('KVM whose trial guest runs is used', async () => {
    const chosen = await chooseAccelerator('auto', double('works', 'exit 85'));
    expect(chosen.name).toBe('kvm');
  });

  test('no device, no trial', async () => {
    const chosen = await chooseAccelerator('auto', {
      device: path.join(directory, 'none'),
      qemu: 'x',
      memory: undefined,
    });
    expect(chosen.why).toContain('ENOENT');
  });

  test('the outcome is remembered for this boot of the host', async () => {
    const memory = mkdtempSync(path.join(directory, 'memory-'));
    const first = await chooseAccelerator('auto', { ...double('once', 'exit 85'), memory });
    expect(readdirSync(memory)).toHaveLength(1);
    const second = await chooseAccelerator('auto', { ...double('other', 'exit 1'), memory });
    expect(second).toEqual(first);
  });

  test('a named choice is taken as it is', async () => {
    expect(await chooseAccelerator('kvm')).toEqual({ name: 'kvm', why: '--accel kvm' });
  });
});

test('the trial firmware has its first instruction at the reset vector', () => {
  const firmware = trialFirmware();
  expect(firmware).toHaveLength(0x10000);
  expect([...firmware.subarray(0xfff0, 0xfff5)]).toEqual([0xb0, 0x2a, 0xe6, 0xf4, 0xf4]);
});
