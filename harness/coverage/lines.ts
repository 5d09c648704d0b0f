import { z } from 'zod';

/** How often each line of code ran, by file and line (from 1). Lines that gcc counts nothing for are not there. */
export type LineCounts = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** What `gcov --json-format` prints (gcov(1), format version 1), as far as it is needed here. */
const gcovSchema = z.object({
  current_working_directory: z.string(),
  files: z.array(
    z.object({
      file: z.string(),
      lines: z.array(z.object({ line_number: z.number().int(), count: z.number() })),
    }),
  ),
});

/**
 * Adds up what gcov printed for several objects: a header's lines are compiled into many of them.
 *
 * @param wanted paths from the top of the tree; gcov knows them by the build's own paths
 * @param before what was counted already, which is added to
 * @throws ZodError, SyntaxError when that is not gcov's output
 */
export function lineCounts(
  documents: readonly string[],
  wanted: readonly string[],
  before: LineCounts = new Map(),
): LineCounts {
  const counts = new Map([...before].map(([path, lines]) => [path, new Map(lines)]));
  for (const document of documents) {
    for (const { file, lines } of gcovSchema.parse(JSON.parse(document)).files) {
      const path = wanted.find((name) => file === name || file.endsWith(`/${name}`));
      if (path === undefined) continue;
      const known = counts.get(path) ?? new Map<number, number>();
      counts.set(path, known);
      for (const { line_number, count } of lines)
        known.set(line_number, (known.get(line_number) ?? 0) + count);
    }
  }
  return counts;
}
