import { buildKernel, type Kernel, resolveTree } from './index.ts';

/** The unpatched kernel that tests in real guests run on: built once, then found in the cache. */
export async function baseKernel(signal?: AbortSignal): Promise<Kernel> {
  const tree = await resolveTree('debian:6.1', { signal });
  const built = await buildKernel({ tree, changes: [], label: 'base', profile: 'lockdep' }, { signal });
  if (!built.ok) throw new Error(`base does not compile: ${built.error.message} (${built.error.log})`);
  return built.kernel;
}
