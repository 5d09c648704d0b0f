/** What QEMU runs a guest's processors with; `why` is for people. */
export interface Accelerator {
  readonly name: 'kvm' | 'tcg';
  readonly why: string;
}

export type Machine = 'microvm' | 'q35';

/** Everything that decides how a guest's hardware looks. */
export interface GuestShape {
  readonly machine: Machine;
  readonly accelerator: Accelerator['name'];
  readonly vcpus: number;
  readonly memoryMiB: number;
  /**
   * Counts time in instructions, 2^shift ns each, instead of by the host's clock: what a processor gets done
   * between two timer interrupts is then the same everywhere. TCG with one processor only (QEMU, -icount).
   */
  readonly icountShift?: number | undefined;
}

export interface BootFiles {
  readonly vmlinux: string;
  readonly initrd: string;
}

/** Guest RAM that lies in a file: written through (`share`) to make a snapshot, copied on write in its forks. */
export interface SharedMemory {
  readonly path: string;
  readonly share: boolean;
}

/**
 * What a guest with counted instructions gets from outside, and at which instruction: written, or read and obeyed
 * (QEMU's docs/system/replay.rst).
 */
export interface InstructionLog {
  readonly mode: 'record' | 'replay';
  readonly file: string;
  /** A qcow2 image, which is no disk of the guest's: snapshots go into it, and gdb goes backwards from them. */
  readonly snapshots?: string | undefined;
}

export const qemuProgram = 'qemu-system-x86_64';

/** The machine itself: no device that is not named, no configuration of the host's. */
function machineArgs(shape: GuestShape, memory?: SharedMemory, log?: InstructionLog): string[] {
  // With ACPI a microvm does not tell the kernel about virtio-mmio devices on its command line.
  const machine = shape.machine === 'microvm' ? 'microvm,acpi=off' : 'q35';
  return [
    ...['-machine', memory ? `${machine},memory-backend=ram` : machine],
    ...(memory ? ['-object', memoryObject(shape, memory)] : []),
    ...acceleratorArgs(shape, log),
    // la57 off: five-level paging upset older KASAN kernels at boot.
    ...['-cpu', shape.accelerator === 'kvm' ? 'host' : 'max,la57=off'],
    ...['-smp', String(shape.vcpus), '-m', `${shape.memoryMiB}M`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
  ];
}

/** Counting instructions and one thread for each processor exclude each other. */
function acceleratorArgs({ accelerator, icountShift }: GuestShape, log?: InstructionLog): string[] {
  if (accelerator === 'kvm') return ['-accel', 'kvm'];
  return icountShift === undefined
    ? ['-accel', 'tcg,thread=multi']
    : ['-accel', 'tcg,thread=single', '-icount', `shift=${icountShift}${logOption(log)}`];
}

const logOption = (log?: InstructionLog): string =>
  log === undefined ? '' : `,rr=${log.mode},rrfile=${doubled(log.file)}`;

/** QEMU takes a comma in a value when it is doubled. */
const doubled = (value: string): string => value.replaceAll(',', ',,');

const memoryObject = (shape: GuestShape, { path, share }: SharedMemory): string =>
  `memory-backend-file,id=ram,size=${shape.memoryMiB}M,mem-path=${doubled(path)},share=${share ? 'on' : 'off'}`;

/** Network without a way out: the guest reaches nothing, and only its SSH port is reached, on a loopback port that the host's kernel chooses. */
function deviceArgs(shape: GuestShape): string[] {
  const bus = shape.machine === 'microvm' ? 'device' : 'pci';
  return [
    ...['-netdev', 'user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22'],
    ...['-device', `virtio-net-${bus},netdev=net`],
    ...['-object', 'rng-builtin,id=rng', '-device', `virtio-rng-${bus},rng=rng`],
  ];
}

/** A hostile guest that breaks out of QEMU's code still cannot start programs or gain privileges. */
const sandboxArgs = ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'];

/** The serial console on standard output, and QMP on an inherited socket: no path, no port, no other client. */
export const controlFd = 3;
export const qmpArgs = ['-chardev', `socket,id=qmp,fd=${controlFd}`, '-mon', 'chardev=qmp,mode=control'];
const channelArgs = [
  ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
  ...qmpArgs,
];

/** Where a fork finds the saved state. */
export const incomingFd = 4;

function kernelArgs(files: BootFiles, commandLine: string): string[] {
  return ['-kernel', files.vmlinux, '-initrd', files.initrd, '-append', commandLine];
}

/** Kernel parameters that the harness itself rests on, whatever the profile adds. */
export const guestCommandLine = (extra: string): string =>
  [
    'console=ttyS0',
    // loglevel alone hides WARN_ON from the console.
    'ignore_loglevel',
    // A panic restarts at once, a restart is a triple fault, and -no-reboot turns it into QEMU's end.
    'panic=-1 reboot=t',
    // At boot the kernel waits for some timer interrupts and panics when a busy host lets them come late.
    'no_timer_check',
    extra,
  ]
    .join(' ')
    .trim();

export interface GuestArgs {
  readonly files: BootFiles;
  readonly commandLine: string;
  readonly memory?: SharedMemory | undefined;
}

/** The whole command of a guest that the harness drives. */
export const guestArgs = (shape: GuestShape, { files, commandLine, memory }: GuestArgs): string[] => [
  ...machineArgs(shape, memory),
  ...deviceArgs(shape),
  ...sandboxArgs,
  ...channelArgs,
  ...kernelArgs(files, commandLine),
];

/** The same machine, waiting for a saved state: its kernel and initrd are in the RAM that it maps. */
export const forkArgs = (shape: GuestShape, memory: SharedMemory): string[] => [
  ...machineArgs(shape, memory),
  ...deviceArgs(shape),
  ...sandboxArgs,
  ...channelArgs,
  ...['-incoming', 'defer', '-S'],
];

/** At its end it stands still, so that gdb can still go back from there. */
const reversibleArgs = (snapshots: string): string[] => [
  ...['-drive', `file=${doubled(snapshots)},if=none,id=snapshots`],
  '-no-shutdown',
];

/** In QEMU's working directory. */
export const recordedConsole = 'console.log';

/**
 * A guest whose whole run is recorded, or happens again: no network and no random numbers of the host's, which a
 * log would have to hold. In a replay it waits for `cont`.
 */
export const recordedArgs = (
  shape: GuestShape,
  { files, commandLine }: GuestArgs,
  log: InstructionLog,
): string[] => [
  ...machineArgs(shape, undefined, log),
  ...(log.snapshots === undefined ? [] : reversibleArgs(log.snapshots)),
  ...sandboxArgs,
  // A pipe or socket whose reader is late refuses a byte, which QEMU 7.2 records in a way that it cannot replay.
  ...['-chardev', `file,id=console,path=${recordedConsole}`, '-serial', 'chardev:console'],
  ...qmpArgs,
  ...kernelArgs(files, commandLine),
  ...(log.mode === 'replay' ? ['-S'] : []),
];

/** The same guest for a person at a terminal: serial console on stdio, no QMP, no network. */
export const interactiveArgs = (shape: GuestShape, files: BootFiles, commandLine: string): string[] => [
  ...machineArgs(shape),
  ...sandboxArgs,
  ...['-serial', 'mon:stdio'],
  ...kernelArgs(files, commandLine),
];
