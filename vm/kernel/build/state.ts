import { open, rename } from 'node:fs/promises';
import { z } from 'zod';
import { readJson } from '../process/json.ts';

const FileState = z.object({
  kind: z.enum(['file', 'exec', 'link']),
  size: z.number(),
  mtime: z.number(),
  digest: z.string(),
});

/**
 * The journal of a work tree. It is written before anything that it describes is done, so that what a killed process
 * leaves is never trusted further than the journal says.
 */
const WorkState = z.object({
  schema: z.literal(1),
  /** The tree the files are from. */
  tree: z.object({ id: z.string(), hash: z.string() }),
  /** `switching`: the files in `suspect` may be anything. `building`: so may every object written since `buildStarted`. */
  phase: z.enum(['idle', 'switching', 'building']),
  /** Files that are no longer links to the pristine source, as they should be now; null: deleted. */
  files: z.record(z.string(), FileState.nullable()),
  suspect: z.array(z.string()),
  /** Milliseconds since the epoch by the file system's clock; null before the first build. */
  buildStarted: z.number().nullable(),
  /** The same clock when the last build ended. */
  buildEnded: z.number().nullable(),
  /** What the `.config` in the build directory was made from; null when it is not to be trusted. */
  configKey: z.string().nullable(),
  /** Objects of the last build from nothing, to estimate the next one. */
  objects: z.number().int().nullable(),
});

export type WorkState = z.infer<typeof WorkState>;

/** The state that `file` holds; null when there is none or it cannot be read, which means: start over. */
export const readState = (file: string): Promise<WorkState | null> => readJson(file, WorkState);

/** Replaces the state in one step, and only returns when it is on disk. */
export async function writeState(file: string, state: WorkState): Promise<void> {
  const temporary = `${file}.tmp`;
  {
    await using handle = await open(temporary, 'w');
    await handle.writeFile(JSON.stringify(state));
    await handle.sync();
  }
  await rename(temporary, file);
}
