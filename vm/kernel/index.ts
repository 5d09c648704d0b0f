export { buildKernel } from './build/build.ts';
export { type KernelInputs, kernelHash } from './build/hash.ts';
export { type KernelOrigin, kernelOrigin } from './build/origin.ts';
export {
  adoptKernel,
  kernelByPrefix,
  loadKernel,
  type StoredKernel,
  storedKernels,
} from './build/store.ts';
export { type SwitchedSources, switchedSources } from './build/switched.ts';
export { checkProfile, knownCheck, type ProfileCheck } from './config/check.ts';
export { loadProfile, profileNames } from './config/profile.ts';
export * from './errors.ts';
export { capture } from './process/run.ts';
export { type Area, confinement, openArea } from './process/sandbox.ts';
export { type OfferedTree, offeredTrees } from './tree/known.ts';
export { resolveTree } from './tree/resolve.ts';
export { fetchSourcePackage, type SourcePackage } from './tree/source-package.ts';
export { cachedTrees, findTree } from './tree/store.ts';
export type * from './types.ts';
