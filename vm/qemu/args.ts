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
}

export interface BootFiles {
  readonly vmlinux: string;
  readonly initrd: string;
}

export const qemuProgram = 'qemu-system-x86_64';

/** The machine itself: no device that is not named, no configuration of the host's. */
function machineArgs(shape: GuestShape): string[] {
  return [
    // With ACPI a microvm does not tell the kernel about virtio-mmio devices on its command line.
    ...['-machine', shape.machine === 'microvm' ? 'microvm,acpi=off' : 'q35'],
    ...['-accel', shape.accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi'],
    // la57 off: five-level paging upset older KASAN kernels at boot.
    ...['-cpu', shape.accelerator === 'kvm' ? 'host' : 'max,la57=off'],
    ...['-smp', String(shape.vcpus), '-m', `${shape.memoryMiB}M`],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
  ];
}

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
const channelArgs = [
  ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
  ...['-chardev', `socket,id=qmp,fd=${controlFd}`, '-mon', 'chardev=qmp,mode=control'],
];

function bootArgs(files: BootFiles, commandLine: string): string[] {
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
    extra,
  ]
    .join(' ')
    .trim();

/** The whole command of a guest that the harness drives. */
export const guestArgs = (shape: GuestShape, files: BootFiles, commandLine: string): string[] => [
  ...machineArgs(shape),
  ...deviceArgs(shape),
  ...sandboxArgs,
  ...channelArgs,
  ...bootArgs(files, commandLine),
];

/** The same guest for a person at a terminal: serial console on stdio, no QMP, no network. */
export const interactiveArgs = (shape: GuestShape, files: BootFiles, commandLine: string): string[] => [
  ...machineArgs(shape),
  ...sandboxArgs,
  ...['-serial', 'mon:stdio'],
  ...bootArgs(files, commandLine),
];
