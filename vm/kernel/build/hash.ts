import { createHash } from 'node:crypto';
import type { OptionValues } from '../config/fragments.ts';
import { byCodeUnit, digestOf } from '../tree/manifest.ts';
import type { SourceChange } from '../types.ts';

/** To be raised when the way a kernel is configured, made or stored changes, so that older builds are not taken for new ones. */
export const RECIPE = 1;

/** Everything that decides what a build gives. */
export interface KernelInputs {
  /** `Tree.hash`. */
  readonly treeHash: string;
  readonly changes: readonly SourceChange[];
  /** The profile's options after their fragments were merged for this kernel version. */
  readonly options: OptionValues;
  /** `Profile.makeVariables`. */
  readonly makeVariables: Readonly<Record<string, string>>;
  /** `Toolchain.identity`. */
  readonly toolchain: string;
}

/**
 * The name of a kernel in the store: SHA-256 (hex) of its inputs. The order of changes and options does not matter,
 * nor do labels, paths on this machine, or the time.
 */
export function kernelHash(inputs: KernelInputs): string {
  const digest = createHash('sha256');
  digest.update(`recipe ${RECIPE}\0${inputs.treeHash}\0${inputs.toolchain}\0`);
  for (const change of inputs.changes.toSorted((a, b) => byCodeUnit(a.path, b.path))) {
    const content = change.content === null ? 'deleted' : digestOf(change.content);
    digest.update(
      `${change.path}\0${content}\0${change.content !== null && change.executable ? 'x' : '-'}\0`,
    );
  }
  for (const [name, value] of [...inputs.options].toSorted((a, b) => byCodeUnit(a[0], b[0]))) {
    digest.update(`${name}=${value}\0`);
  }
  for (const [name, value] of Object.entries(inputs.makeVariables).toSorted((a, b) =>
    byCodeUnit(a[0], b[0]),
  )) {
    digest.update(`make ${name}=${value}\0`);
  }
  return digest.digest('hex');
}
