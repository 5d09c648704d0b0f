/** Each way in which a guest or its surroundings can die while a test runs, and what must come of it. */
export interface Death {
  readonly name: string;
  /** What the test program does in the guest after its first point has passed. */
  readonly script: string;
  /** What happens on the host when the program has said so on the console. */
  readonly host?: (qemu: number) => void;
  readonly expected: readonly [string, string, string];
  /** What must be in the reason of the second point. */
  readonly reason: RegExp;
  /** What must be in the console log. */
  readonly console?: RegExp;
  /** Files that the hang dossier must have. */
  readonly dossier?: readonly string[];
  readonly deadlineSeconds?: number;
  /** So many bytes it prints, in lines of 31 x, and all must be in the console log. */
  readonly floodBytes?: number;
  /** How many bytes of the console are kept, where that is less than usual. */
  readonly consoleLimit?: number;
}

// The first point's result gets a second to come over before the guest is no more.
const hostTurn = 'sleep 1; echo "ringtrial-test: host, your turn" > /dev/kmsg; sleep 60';

/** As much as a minute carries: each byte of an emulated serial line is an instruction to emulate and a write of QEMU's. */
const floodMiB = 8;
const consoleLimit = 64 * 1024;

/** A raw terminal takes large writes as they are: past printk and line discipline, which are slower still. */
const flood = (bytes: number): string =>
  `stty -F /dev/ttyS0 raw -echo; yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx | head -c ${bytes} > /tmp/flood; cat /tmp/flood > /dev/ttyS0; stty -F /dev/ttyS0 sane`;

export const deaths: readonly Death[] = [
  {
    name: 'panic',
    script: 'sleep 1; echo c > /proc/sysrq-trigger; sleep 60',
    expected: ['FAIL', 'FAIL', 'MISS'],
    reason: /Kernel panic - not syncing: sysrq triggered crash/,
    console: /Kernel panic - not syncing/,
  },
  {
    name: 'power-off',
    script: 'sleep 1; poweroff -f; sleep 60',
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /switched itself off/,
    console: /reboot: (Power down|System halted)/,
  },
  {
    // With reboot=t on its command line a guest restarts by a triple fault.
    name: 'triple-fault',
    script: 'sleep 1; echo b > /proc/sysrq-trigger; sleep 60',
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /switched itself off/,
    console: /begin of triple-fault/,
  },
  {
    name: 'qemu-killed',
    script: hostTurn,
    host: (qemu) => process.kill(qemu, 'SIGKILL'),
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /QEMU came to its end .*SIGKILL/,
    console: /your turn/,
  },
  {
    name: 'qemu-stopped',
    script: hostTurn,
    host: (qemu) => process.kill(qemu, 'SIGSTOP'),
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /./,
    console: /your turn/,
  },
  {
    name: 'ssh-server-killed',
    script: 'sleep 1; killall dropbear; sleep 60',
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /lost/,
    console: /SSH server ended/,
  },
  {
    name: 'hang',
    script: 'sleep 60',
    deadlineSeconds: 3,
    expected: ['PASS', 'FAIL', 'MISS'],
    reason: /hang: no result within 3 s/,
    console: /Showing all locks held|sysrq: Show Blocked State/,
    dossier: ['registers.txt', 'interrupts.txt', 'stacks.txt', 'rings.txt'],
  },
  {
    name: 'silent-program',
    script: 'exit 0',
    expected: ['PASS', 'ERROR', 'MISS'],
    reason: /ended with status 0 before this point/,
  },
  {
    name: `console-flood-of-${floodMiB}-MiB`,
    script: `${flood(floodMiB * 2 ** 20)}; echo "ok 2 two"; echo "ok 3 three"; exit 0`,
    expected: ['PASS', 'PASS', 'PASS'],
    reason: /^$/,
    floodBytes: floodMiB * 2 ** 20,
    deadlineSeconds: 300,
  },
  {
    name: 'console-flood-past-the-limit',
    script: `${flood(3 * consoleLimit)}; echo "ok 2 two"; echo "ok 3 three"; exit 0`,
    consoleLimit,
    expected: ['MISS', 'MISS', 'MISS'],
    reason: /the console printed more than 0\.0625 MiB/,
    console: /x\r?\n?\r\nringtrial: the console printed more than 0\.0625 MiB; the rest was not kept\r\n$/,
    deadlineSeconds: 60,
  },
  {
    name: 'panic-past-the-limit',
    script: `${flood(3 * consoleLimit)}; sleep 1; echo c > /proc/sysrq-trigger; sleep 60`,
    consoleLimit,
    // How the guest ended is heard; its report, which would fail the first point too, is not kept.
    expected: ['MISS', 'FAIL', 'MISS'],
    reason: /Kernel panic - not syncing: sysrq triggered crash/,
    console: /the rest was not kept\r\n$/,
    deadlineSeconds: 60,
  },
];
