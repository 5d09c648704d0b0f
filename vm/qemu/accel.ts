import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDir } from '../../common/cache.ts';
import { type Accelerator, qemuProgram } from './args.ts';

export type AcceleratorChoice = 'auto' | Accelerator['name'];

/** What a trial boot showed. */
export interface TrialBoot {
  readonly works: boolean;
  readonly why: string;
}

const trialDeadlineMs = 5_000;
/** QEMU's isa-debug-exit ends the process with (value << 1) | 1, which no failure of its own does. */
const trialValue = 0x2a;
const trialExit = (trialValue << 1) | 1;

/**
 * A 64 KiB firmware whose reset vector (16 bytes before the end, Intel SDM vol. 3, 10.1.4) writes
 * one byte to the debug-exit port and halts. A processor that runs at all ends QEMU in milliseconds.
 */
export function trialFirmware(): Buffer {
  const hlt = 0xf4;
  const image = Buffer.alloc(0x10000, hlt);
  Buffer.from([0xb0, trialValue, 0xe6, 0xf4, hlt]).copy(image, 0xfff0); // mov al,VALUE; out 0xf4,al; hlt
  return image;
}

/**
 * Runs four instructions in a guest. /dev/kvm may exist, open and create a machine, and still never
 * run it (nested virtualisation switched off, for one), so nothing less is evidence.
 */
export async function trialBoot(accelerator: Accelerator['name'], program = qemuProgram): Promise<TrialBoot> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-accel-'));
  try {
    await writeFile(path.join(directory, 'firmware'), trialFirmware());
    const cpu = accelerator === 'kvm' ? 'host' : 'max';
    const args = ['-machine', 'q35', '-accel', accelerator, '-cpu', cpu, '-m', '16M', '-nodefaults'];
    args.push('-no-user-config', '-display', 'none', '-bios', 'firmware');
    args.push('-device', 'isa-debug-exit,iobase=0xf4,iosize=0x01');
    return await runTrial(program, args, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runTrial(program: string, args: string[], cwd: string): Promise<TrialBoot> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-2000);
  });
  const result = Promise.withResolvers<TrialBoot>();
  const deadline = setTimeout(() => {
    child.kill('SIGKILL');
    result.resolve({
      works: false,
      why: `a trial guest did not execute one instruction in ${trialDeadlineMs / 1000} s`,
    });
  }, trialDeadlineMs);
  child.once('error', (error) => result.resolve({ works: false, why: error.message }));
  child.once('close', (code) => {
    const last = stderr.trim().split('\n').at(-1) ?? '';
    // QEMU's name and source file in front of its message tell a user nothing.
    const reason = last.replace(/^\S*qemu\S*: (\S+:\d+: )?/, '').slice(0, 120) || `exit status ${code}`;
    result.resolve(
      code === trialExit
        ? { works: true, why: 'a trial guest ran' }
        : { works: false, why: `QEMU gave up on a trial guest: ${reason}` },
    );
  });
  try {
    return await result.promise;
  } finally {
    clearTimeout(deadline);
  }
}

/** What KVM is tried with; other values than the real ones are for tests. */
export interface KvmTrial {
  readonly device: string;
  readonly qemu: string;
  /** Where the outcome is remembered for this boot of the host; undefined: nowhere. */
  readonly memory: string | undefined;
}

/**
 * The accelerator to use. `auto` tries KVM with a trial boot, once per boot of the host, and falls
 * back to TCG. A choice by name is taken as it is.
 */
export async function chooseAccelerator(choice: AcceleratorChoice, kvm?: KvmTrial): Promise<Accelerator> {
  if (choice !== 'auto') return { name: choice, why: `--accel ${choice}` };
  const trial = await tryKvm(
    kvm ?? { device: '/dev/kvm', qemu: qemuProgram, memory: await cacheDir('accel') },
  );
  return trial.works
    ? { name: 'kvm', why: `KVM: ${trial.why}` }
    : { name: 'tcg', why: `KVM does not work here (${trial.why}), so instructions are emulated` };
}

async function tryKvm({ device, qemu, memory }: KvmTrial): Promise<TrialBoot> {
  const refused = await access(device, constants.R_OK | constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
  // Not remembered: a permission may be granted a minute later.
  if (refused) return { works: false, why: `${device}: ${refused}` };
  if (memory === undefined) return await trialBoot('kvm', qemu);
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const remembered = path.join(memory, `kvm-${bootId}.json`);
  try {
    return JSON.parse(await readFile(remembered, 'utf8')) as TrialBoot;
  } catch {
    // Not tried since this host booted, or half-written.
    const trial = await trialBoot('kvm', qemu);
    await writeFile(remembered, JSON.stringify(trial));
    return trial;
  }
}
