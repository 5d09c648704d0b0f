export { buildKernel } from './build/build.ts';
export { type KernelInputs, kernelHash } from './build/hash.ts';
export { kernelByPrefix } from './build/store.ts';
export { loadProfile, profileNames } from './config/profile.ts';
export * from './errors.ts';
export { resolveTree } from './tree/resolve.ts';
export type * from './types.ts';
