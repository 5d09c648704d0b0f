import { stripVTControlCharacters } from 'node:util';
import { ExitCode, RingtrialError } from '../../common/errors.ts';

/** How far a boot came: QEMU itself, a kernel that prints nothing, a kernel that prints, init without SSH. */
export type BootStage = 'qemu' | 'silent' | 'kernel' | 'ssh';

export interface BootFailure {
  readonly stage: BootStage;
  /** Set when time ran out; else QEMU ended or refused. */
  readonly deadlineMs: number | undefined;
  /** Why the last attempt to log in failed, once one was made. */
  readonly refusal?: string | undefined;
  /** The last of the console, as printed. */
  readonly console: string;
  readonly stderr: string;
  readonly consolePath: string;
}

const stageText: Record<BootStage, string> = {
  qemu: 'QEMU did not get as far as starting the guest',
  silent: 'the guest ran, but its kernel printed nothing on the serial console',
  kernel: 'the kernel started and stopped before its init was ready',
  ssh: 'init was ready, but its SSH server let nobody in',
};

/** A guest that never became usable: nothing can be said about its kernel, except for the panic it may have shown. */
export class GuestBootError extends RingtrialError {
  readonly code = 'GUEST_DID_NOT_BOOT';
  override readonly exitCode = ExitCode.inconclusive;
  readonly failure: BootFailure;
  /** The panic's first line when the kernel panicked. */
  readonly panic: string | undefined;
  /** How far it came, in one line. */
  readonly short: string;

  constructor(failure: BootFailure, options?: ErrorOptions) {
    const panic = panicLine(failure.console);
    super(describe(failure, panic), options);
    this.failure = failure;
    this.panic = panic;
    this.short = howFar(failure);
  }
}

const howFar = ({ stage, deadlineMs }: BootFailure): string =>
  `${stageText[stage]}${deadlineMs === undefined ? '' : ` within ${deadlineMs / 1000} s`}`;

function describe(failure: BootFailure, panic: string | undefined): string {
  const lines = [`The guest did not boot: ${howFar(failure)}.`];
  if (failure.refusal !== undefined) lines.push(`The last attempt to log in: ${printable(failure.refusal)}`);
  if (panic !== undefined) lines.push(`It panicked: ${panic}`);
  const last = printable(failure.console).trimEnd().split('\n').slice(-12);
  if (last.join('') !== '') lines.push('The last lines of its console:', ...last.map((line) => `  ${line}`));
  const stderr = printable(failure.stderr).trim();
  if (stderr !== '')
    lines.push(
      'QEMU said:',
      ...stderr
        .split('\n')
        .slice(-6)
        .map((line) => `  ${line}`),
    );
  lines.push(`The whole console: ${failure.consolePath}`);
  return lines.join('\n');
}

/** `Kernel panic - not syncing: …` (kernel/panic.c, vpanic), without what stands before it. */
export function panicLine(console: string): string | undefined {
  const match = /Kernel panic - not syncing:[^\r\n]*/.exec(console);
  return match ? printable(match[0]) : undefined;
}

/** Text from a guest made safe for a terminal: no escape sequence, no control character but the line feed. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text.replaceAll('\r', '')).replaceAll(/[^\P{Cc}\n\t]/gu, '\u{fffd}');
