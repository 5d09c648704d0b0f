import { SeededRandom } from './random.ts';
import { describeSchedule, type PreemptionModel, type Schedule } from './schedule.ts';

/** What the kernels and the machine of a trial allow. */
export interface Means {
  readonly accelerator: 'kvm' | 'tcg';
  /** Of the ordinary guest. */
  readonly vcpus: number;
  /** That the kernel takes on its command line; empty when it has one model only. */
  readonly preemption: readonly PreemptionModel[];
  /** Functions of both kernels where a delay may show something: those that the patch changes, and others. */
  readonly functions: { readonly changed: readonly string[]; readonly usual: readonly string[] };
}

export interface Wanted {
  /** At least 1. */
  readonly count: number;
  readonly seed: number;
}

type Kind = 'one' | 'delays' | 'crowd' | 'throttle';

/** Every kind comes with every preemption model before a pair comes twice. */
const kinds: readonly Kind[] = ['one', 'delays', 'throttle', 'crowd'];

/**
 * The schedules of a trial: the ordinary guest first, then as many others as are wanted. The list follows from the
 * seed and from what the kernels allow; a longer list begins with the shorter one.
 */
export function scheduleList({ count, seed }: Wanted, means: Means): Schedule[] {
  return Array.from({ length: count }, (_, index) => {
    const draft = index === 0 ? { vcpus: means.vcpus } : perturbed(index - 1, seed, means);
    const whole = { number: index + 1, ...draft };
    return { ...whole, text: describeSchedule(whole), seed: seedOf(seed, index) };
  });
}

const seedOf = (seed: number, index: number): string => `${seed}/${index + 1}`;

function perturbed(
  index: number,
  seed: number,
  means: Means,
): Pick<Schedule, 'vcpus' | 'preempt' | 'icountShift' | 'hold'> {
  const random = new SeededRandom(`schedule/${seedOf(seed, index + 1)}`);
  const turn = index + Math.floor(index / kinds.length);
  const preempt = means.preemption[turn % Math.max(1, means.preemption.length)];
  return {
    ...machine(kinds[index % kinds.length] as Kind, means, random),
    ...(preempt === undefined ? {} : { preempt }),
  };
}

function machine(
  kind: Kind,
  means: Means,
  random: SeededRandom,
): Pick<Schedule, 'vcpus' | 'icountShift' | 'hold'> {
  switch (kind) {
    case 'one':
      return {
        vcpus: 1,
        ...(means.accelerator === 'tcg' ? { icountShift: random.between(0, mostShift) } : {}),
      };
    case 'delays':
      return { vcpus: random.between(2, mostVcpus), hold: { functions: chosen(means.functions, random) } };
    case 'throttle':
      return { vcpus: random.between(2, mostVcpus), hold: { functions: [] } };
    case 'crowd':
      // More than the host has, on most machines: the host's own scheduler takes processors away.
      return { vcpus: mostVcpus };
  }
}

/** Slower processors than 16 ns an instruction would make tests miss their own deadlines. */
const mostShift = 4;
const mostVcpus = 4;
/** A processor has so many debug registers (Intel SDM vol. 3, 18.2). */
const mostFunctions = 4;

/** Half of them what the patch changes, if it changes so many. */
function chosen({ changed, usual }: Means['functions'], random: SeededRandom): string[] {
  const own = random.some(changed, mostFunctions / 2);
  return [
    ...own,
    ...random.some(
      usual.filter((name) => !own.includes(name)),
      mostFunctions - own.length,
    ),
  ];
}
