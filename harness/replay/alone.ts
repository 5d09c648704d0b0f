import type { Program, Suite } from '../suite.ts';

/** One program that a guest runs by itself, without anybody who is logged in. */
export interface Errand {
  readonly suite: Pick<Suite, 'prepare'>;
  readonly program: Pick<Program, 'name'>;
  /** One test point of the program only. */
  readonly point?: string | undefined;
  /** Of the guest's time. */
  readonly deadlineSeconds: number;
  readonly timeScale: number;
}

/** Line of the kernel's log that tells how the program ended. */
export const endLine = /ringtrial: end of \S+: exit status (\d+)/;
export const noEndLine = /ringtrial: no end of \S+ within \d+ s/;

/**
 * The guest's `/alone` (vm/image/init.sh). What it says itself goes through the kernel's log, where no line is torn
 * apart by another. When the program does not end, the kernel says what is blocked, and the guest ends all the same.
 */
export function aloneScript({ suite, program, point, deadlineSeconds, timeScale }: Errand): string {
  const words = [`/tests/${program.name}`, ...(point === undefined ? [] : ['--point', point])];
  return `#!/bin/sh
say() { echo "ringtrial: $1" > /dev/kmsg; }
${suite.prepare === undefined ? '' : `( ${suite.prepare} )\n`}# Whoever looks for the place where the program begins finds the guest asleep there.
sleep 1
say 'begin of ${program.name}'
( cd /tmp; RINGTRIAL_TIME_SCALE=${timeScale} ${words.map(quoted).join(' ')}; echo $? > /tmp/alone.status ) 2>&1 &
tenths=0
until [ -s /tmp/alone.status ] || [ $tenths -ge ${deadlineSeconds * 10} ]; do
	sleep 0.1
	tenths=$((tenths + 1))
done
# What the program printed is on its way through the terminal.
sleep 0.5
if [ -s /tmp/alone.status ]; then
	say "end of ${program.name}: exit status $(cat /tmp/alone.status)"
	# Reports may come late: work that a ring leaves behind.
	sleep 2
else
	say 'no end of ${program.name} within ${deadlineSeconds} s'
	echo 1 > /proc/sys/kernel/sysrq
	echo w > /proc/sysrq-trigger
	echo d > /proc/sysrq-trigger
fi
`;
}

const quoted = (word: string): string =>
  /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
