import type { LoadedRun } from '../../load-run.ts';
import { builtApp } from './app-file.ts';
import { assemblePage } from './assemble.ts';
import { collectPage } from './collect.ts';
import type { History } from './history.ts';

/**
 * A run as one HTML file that needs nothing else: it opens from disk, asks nobody for anything, and shows
 * what guests said as text only.
 *
 * @param history earlier results, where they are known
 * @throws AppBuildError when the page's app cannot be built
 */
export async function renderPage(run: LoadedRun, history?: History): Promise<string> {
  const [app, content] = await Promise.all([builtApp(), collectPage(run, history)]);
  return assemblePage(app, content);
}
