import { resolveTree } from '../../vm/kernel/index.ts';

/** A kernel tree in the cache. */
export interface FetchedTree {
  /** As it was asked for, `debian:6.1`. */
  readonly spec: string;
  /** What it is now, `debian-6.1.192-2`. */
  readonly id: string;
  /** The kernel's version, `6.1.192`. */
  readonly version: string;
}

export interface FetchTreeOptions {
  /** Told for instance that there is no network, and what is used instead. */
  readonly onNotice?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings the newest version of a tree into the cache. Of `debian:X` that is what the archive has now, whenever it was
 * asked before; other trees are as they are.
 *
 * @throws RingtrialError: `UNKNOWN_TREE`, `NO_NETWORK` when nothing is cached either, `NO_SPACE`, and the signal's reason
 */
export async function fetchTree(
  spec: string,
  { onNotice, signal }: FetchTreeOptions = {},
): Promise<FetchedTree> {
  const { id, version } = await resolveTree(spec, {
    newest: true,
    signal,
    onEvent: (event) => event.type === 'notice' && onNotice?.(event.message),
  });
  return { spec, id, version };
}
