import { execa } from 'execa';
import { RingtrialError } from '../../common/errors.ts';
import type { Finding } from './doctor.ts';

/** The host lacks something, and this user may not install it. */
export class HostNotReadyError extends RingtrialError {
  readonly code = 'HOST_NOT_READY';
}

/** Debian's packages that mend the findings, each once. */
export const packagesFor = (findings: readonly Finding[]): string[] => [
  ...new Set(findings.flatMap((finding) => (finding.ok ? [] : (finding.debianPackage ?? [])))),
];

/** The one command that a user with the right to do so can run. */
export const installCommand = (packages: readonly string[]): string =>
  `apt-get update && apt-get install --no-install-recommends -y ${packages.join(' ')}`;

/** How this process may install packages: as root, through sudo without a password, or not at all. */
export async function privilege(): Promise<'root' | 'sudo' | 'none'> {
  if (process.getuid?.() === 0) return 'root';
  const sudo = await execa('sudo', ['-n', 'true'], { reject: false });
  return sudo.exitCode === 0 ? 'sudo' : 'none';
}

/**
 * Installs Debian packages, showing apt's own words on standard error.
 *
 * @throws HostNotReadyError with the command to run, when this user may not install or apt fails
 */
export async function install(packages: readonly string[], signal?: AbortSignal): Promise<void> {
  const how = await privilege();
  const prefix = how === 'sudo' ? ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND'] : [];
  if (how === 'none') {
    throw new HostNotReadyError(
      `This machine lacks ${packages.join(', ')}, and installing needs root. Run as root:\n  ${installCommand(packages)}`,
    );
  }
  for (const step of [['update'], ['install', '--no-install-recommends', '-y', ...packages]]) {
    const [program = '', ...args] = [...prefix, 'apt-get', '-q', ...step];
    const result = await execa(program, args, {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      stdin: 'ignore',
      // Results go to standard output, and this is none.
      stdout: process.stderr,
      stderr: 'inherit',
      reject: false,
      ...(signal ? { cancelSignal: signal } : {}),
    });
    signal?.throwIfAborted();
    // A failing update may be one dead source of many: the install tells whether it mattered.
    if (result.exitCode !== 0 && step[0] === 'install') {
      throw new HostNotReadyError(
        `apt-get could not install ${packages.join(', ')}. Run it by hand to see why:\n  ${installCommand(packages)}`,
      );
    }
  }
}
