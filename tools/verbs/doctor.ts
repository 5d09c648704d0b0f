import { Command } from '@commander-js/extra-typings';
import { ExitCode } from '../../common/errors.ts';
import { examine, type Finding } from '../../harness/host/doctor.ts';
import { install, installCommand, packagesFor, privilege } from '../../harness/host/fix.ts';
import { table } from '../../harness/output/table.ts';
import { interruptible } from '../interrupt.ts';

export const doctorVerb = () =>
  new Command('doctor')
    .description('show what this machine has and lacks for a trial; exit 2 when something is missing')
    .option('--fix', 'install what is missing (root or passwordless sudo), or print the command to run')
    .option('--json', 'print the findings as JSON')
    .action(async (options) => {
      let findings = await examine();
      const missing = packagesFor(findings);
      if (options.fix && missing.length > 0) {
        await install(missing, interruptible());
        findings = await examine();
      }
      process.stdout.write(options.json ? `${JSON.stringify(findings, null, 2)}\n` : render(findings));
      if (findings.every((finding) => finding.ok)) return;
      process.exitCode = ExitCode.usage;
      if (!options.json) process.stderr.write(await advice(packagesFor(findings)));
    });

const render = (findings: readonly Finding[]): string =>
  table(
    ['', 'what', 'found', 'needed for'],
    findings.map((finding) => [finding.ok ? 'ok' : 'MISSING', finding.name, finding.found, finding.why]),
  );

async function advice(packages: readonly string[]): Promise<string> {
  if (packages.length === 0) return '';
  const command =
    (await privilege()) === 'none' ? `as root:\n  ${installCommand(packages)}` : '\n  ringtrial doctor --fix';
  return `\nTo install what is missing, run ${command}\n`;
}
