import type { BuildRequest, KernelOptions } from '../types.ts';
import { WorkTree } from './worktree.ts';

/** A work tree whose sources stand as a request wants them, for those who compile single objects of it. */
export interface SwitchedSources extends AsyncDisposable {
  readonly sourceDir: string;
  /** make's O= directory. Its objects are those of the last build there, which may have been another candidate's. */
  readonly buildDir: string;
}

/**
 * Takes the work tree that a kernel is built in and switches its sources, without building. It stays locked
 * until this is disposed of.
 *
 * @throws NoSpaceError, BuildEnvironmentError, TreeDamagedError, UnsafePathError, the signal's reason
 */
export async function switchedSources(
  request: BuildRequest,
  options: KernelOptions,
): Promise<SwitchedSources> {
  await using stack = new AsyncDisposableStack();
  const work = stack.use(await WorkTree.open(request, options));
  await work.switch();
  const owned = stack.move();
  const { sourceDir, buildDir } = work;
  return { sourceDir, buildDir, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
