import { createHash } from 'node:crypto';
import path from 'node:path';
import { adoptKernel, type Kernel, loadKernel } from '../../vm/kernel/index.ts';
import { type Plan, planSchema } from '../matrix/plan.ts';
import { readSide } from '../matrix/side-file.ts';
import { UnfitMachineError } from '../matrix/steps.ts';
import type { Task, TaskOutcome } from '../matrix/tasks.ts';
import type { ArtefactStore } from './store.ts';

/** An outcome as it goes from machine to machine: kernels and bases by name. */
type StoredOutcome =
  | Exclude<TaskOutcome, { state: 'done' }>
  | { readonly state: 'done'; readonly kernel: string }
  | { readonly state: 'done'; readonly base: string; readonly of: string };

/** A matrix in the store, where its machines find the plan and leave what they did. It is laid out like a matrix's directory. */
export class SharedMatrix {
  readonly id: string;
  readonly store: ArtefactStore;

  constructor(id: string, store: ArtefactStore) {
    this.id = id;
    this.store = store;
  }

  name = (...parts: string[]): string => path.join('matrices', this.id, ...parts);

  get directory(): string {
    return this.store.at(this.name());
  }

  publish(plan: Plan): void {
    this.store.writeOnce(this.name('plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
  }

  /** @throws UnfitMachineError when this machine does not see the store that the matrix is in */
  plan(): Plan {
    const text = this.store.read(this.name('plan.json'));
    if (text === undefined)
      throw new UnfitMachineError(
        `${this.store.root} does not hold the matrix ${this.id}: it is another store.`,
      );
    return planSchema.parse(JSON.parse(text));
  }

  pinnedTree(spec: string): { readonly id: string; readonly hash: string } | undefined {
    const text = this.store.read(this.#treeFile(spec));
    return text === undefined ? undefined : (JSON.parse(text) as { id: string; hash: string });
  }

  /** @throws UnfitMachineError when another machine has another version of it */
  pinTree(spec: string, { id, hash }: { readonly id: string; readonly hash: string }): void {
    if (this.store.writeOnce(this.#treeFile(spec), JSON.stringify({ id, hash }))) return;
    const pinned = this.pinnedTree(spec);
    if (pinned?.hash !== hash)
      throw new UnfitMachineError(
        `${spec} is ${id} on this machine, and this matrix began with ${pinned?.id}`,
      );
  }

  #treeFile = (spec: string): string => this.name('trees', `${digest(spec)}.json`);
  #outcomeFile = (key: string): string => this.name('outcomes', `${digest(key)}.json`);

  hasOutcome = (key: string): boolean => this.store.has(this.#outcomeFile(key));

  /** What came of a task, with what belongs to it, which is fetched when this machine has not got it. */
  async outcome(key: string, local: { at(...parts: string[]): string }): Promise<TaskOutcome | undefined> {
    const outcome = this.#read(key);
    if (outcome?.state !== 'done') return outcome;
    if ('kernel' in outcome) return { state: 'done', kernel: await this.#kernel(outcome.kernel) };
    const directory = local.at(outcome.base);
    if (readSide(directory, outcome.of) === undefined) this.store.get(this.name(outcome.base), directory);
    const seen = readSide(directory, outcome.of);
    return seen
      ? { state: 'done', seen, directory, baseHash: outcome.of }
      : { state: 'impossible', why: 'what base did is damaged in the store' };
  }

  /** Why a trial that was tried has no verdict. */
  problemOf(key: string): string | undefined {
    const outcome = this.#read(key);
    return outcome?.state === 'tried' ? outcome.problem : undefined;
  }

  /** Forgets a task that could not be done, so that it is tried again. */
  forgetFailure(key: string): void {
    const outcome = this.#read(key);
    const failed =
      outcome?.state === 'impossible' || (outcome?.state === 'tried' && outcome.problem !== undefined);
    if (failed) this.store.remove(this.#outcomeFile(key));
  }

  #read(key: string): StoredOutcome | undefined {
    const text = this.store.read(this.#outcomeFile(key));
    return text === undefined ? undefined : (JSON.parse(text) as { outcome: StoredOutcome }).outcome;
  }

  async #kernel(hash: string): Promise<Kernel> {
    const kernel = (await loadKernel(hash, null)) ?? (await storedKernel(this.store, hash));
    if (kernel) return kernel;
    throw new UnfitMachineError(`the kernel ${hash} is not in ${this.store.root}, or damaged there`);
  }

  /** Puts what a task made into the store, and then its outcome: once that is there, nobody does the task again. */
  async deliver(task: Task, outcome: TaskOutcome, local: { at(...parts: string[]): string }): Promise<void> {
    const stored = await this.#stored(outcome, local);
    if (outcome.state === 'tried' && outcome.problem === undefined)
      await this.store.put(this.name(task.trial.directory), local.at(task.trial.directory));
    this.store.writeOnce(this.#outcomeFile(task.key), JSON.stringify({ key: task.key, outcome: stored }));
  }

  async #stored(outcome: TaskOutcome, local: { at(...parts: string[]): string }): Promise<StoredOutcome> {
    if (outcome.state !== 'done') return outcome;
    if ('kernel' in outcome) {
      await putKernel(this.store, outcome.kernel);
      return { state: 'done', kernel: outcome.kernel.hash };
    }
    const base = path.relative(local.at(), outcome.directory);
    await this.store.put(this.name(base), outcome.directory);
    return { state: 'done', base, of: outcome.baseHash };
  }
}

/** Takes a kernel out of a store into this machine's; null when it is not there, or not whole. */
export async function storedKernel(store: ArtefactStore, hash: string): Promise<Kernel | null> {
  const name = path.join('kernels', hash);
  if (!store.has(name)) return null;
  return await adoptKernel(hash, async (dir) => void store.get(name, dir));
}

export const putKernel = (store: ArtefactStore, { hash, dir }: Kernel): Promise<void> =>
  store.put(path.join('kernels', hash), dir);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
