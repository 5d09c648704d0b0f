import { readFile } from 'node:fs/promises';
import { directory, file } from '../vm/image/cpio.ts';
import { type Image, writeInitrd } from '../vm/image/image.ts';
import { type GuestShape, guestCommandLine, interactiveArgs, qemuProgram } from '../vm/qemu/args.ts';
import type { Side } from './events.ts';
import type { Suite } from './suite.ts';

export interface Reproduction {
  readonly shape: GuestShape;
  readonly commandLine: string;
  /** The kernels that were built; a side may be missing. */
  readonly vmlinux: Partial<Record<Side, string>>;
  /** What to type to build the kernels again when they have left the cache. */
  readonly rebuild: string;
}

/** An initrd with the test programs and without any key, for reproduce.sh. */
export async function writeReproductionInitrd(image: Image, suite: Suite, target: string): Promise<void> {
  const programs = await Promise.all(
    suite.programs.map(async (program) => file(`tests/${program.name}`, await readFile(program.path), 0o755)),
  );
  await writeInitrd(image, [directory('tests'), ...programs], target);
}

/** A shell script that boots the same kernel, on the same machine, with a shell on this terminal. */
export function reproduceScript(reproduction: Reproduction): string {
  const side = reproduction.vmlinux.candidate === undefined ? 'base' : 'candidate';
  const args = interactiveArgs(
    reproduction.shape,
    { vmlinux: '$vmlinux', initrd: '$here/reproduce.initrd' },
    guestCommandLine(`${reproduction.commandLine} ringtrial.shell`),
  );
  return `#!/bin/sh
# Boots a kernel of this run again, with the test programs in /tests and a shell on this terminal.
#   ./reproduce.sh [base|candidate]     (${side} when nothing is named)
# 'reboot -f' in the guest, or Ctrl-A X, ends it.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
case "\${1:-${side}}" in
base) vmlinux=${quote(reproduction.vmlinux.base ?? '')} ;;
candidate) vmlinux=${quote(reproduction.vmlinux.candidate ?? '')} ;;
*) echo "usage: $0 [base|candidate]" >&2; exit 2 ;;
esac
if [ ! -r "$vmlinux" ]; then
	echo "$0: that kernel is no longer in the cache (\${vmlinux:-it was never built}). Build it again with:" >&2
	echo "  ${reproduction.rebuild}" >&2
	exit 3
fi
exec ${qemuProgram} \\
	${args.map(argument).join(' \\\n\t')}
`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const argument = (text: string): string => (text.startsWith('$') ? `"${text}"` : quote(text));
