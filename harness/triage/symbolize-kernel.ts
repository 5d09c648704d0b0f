import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDir } from '../../common/cache.ts';
import { RingtrialError } from '../../common/errors.ts';
import { applySeries, base, loadCandidate } from '../../patches/index.ts';
import {
  buildKernel,
  type KernelEvent,
  openArea,
  resolveTree,
  switchedSources,
} from '../../vm/kernel/index.ts';
import type { Resolution, Resolver, SymbolRef } from './symbolize.ts';
import { ObjectsResolver } from './symbolize-objects.ts';

export interface KernelLinesRequest {
  readonly tree: string;
  /** A candidate; nothing for the tree as it is. */
  readonly patch?: string | undefined;
  readonly profile: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: KernelEvent) => void) | undefined;
}

/** Source lines were asked for a kernel that cannot be built. */
export class NoKernelForLinesError extends RingtrialError {
  readonly code = 'NO_KERNEL_FOR_LINES';
}

/**
 * Source places of a kernel that this program builds, without a debug build: finds or builds the kernel, brings its
 * work tree to the same sources, and compiles there just the objects that a log names. The work tree is locked
 * until this is disposed of.
 *
 * @throws NoKernelForLinesError, and the errors of `resolveTree`, `loadCandidate`, `applySeries` and `buildKernel`
 */
export class KernelLines implements Resolver, AsyncDisposable {
  readonly #objects: ObjectsResolver;
  readonly #stack: AsyncDisposableStack;

  private constructor(objects: ObjectsResolver, stack: AsyncDisposableStack) {
    this.#objects = objects;
    this.#stack = stack;
  }

  static async open({
    tree: spec,
    patch,
    profile,
    signal,
    onEvent,
  }: KernelLinesRequest): Promise<KernelLines> {
    const options = { signal, onEvent };
    const tree = await resolveTree(spec, options);
    const candidate = patch === undefined ? base : await loadCandidate(patch);
    const { changes } = await applySeries(tree.dir, candidate, signal === undefined ? {} : { signal });
    const request = { tree, changes, label: candidate.name, profile };
    const built = await buildKernel(request, options);
    if (!built.ok)
      throw new NoKernelForLinesError(
        `${candidate.name} does not compile on ${tree.id}, so no log can come from it: ${built.error.message}`,
      );
    await using stack = new AsyncDisposableStack();
    const sideDir = await mkdtemp(path.join(tmpdir(), 'ringtrial-lines-'));
    stack.defer(() => rm(sideDir, { recursive: true, force: true }));
    const { sourceDir, buildDir } = stack.use(await switchedSources(request, options));
    const changed = changes
      .filter((change) => change.path.endsWith('.c'))
      .map((change) => change.path.replace(/c$/, 'o'));
    const objects = await ObjectsResolver.open({
      vmlinux: built.kernel.vmlinux,
      sourceDir,
      buildDir,
      sideDir,
      area: await openArea({
        writable: [sideDir],
        shared: [await cacheDir('ccache')],
        readable: [sourceDir, buildDir],
      }),
      changed,
      signal,
    });
    stack.use(objects);
    return new KernelLines(objects, stack.move());
  }

  prepare(refs: readonly SymbolRef[]): Promise<void> {
    return this.#objects.prepare(refs);
  }

  resolve(ref: SymbolRef): Promise<Resolution> {
    return this.#objects.resolve(ref);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
