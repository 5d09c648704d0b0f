import type { KernelReport } from '../klog/index.ts';
import { lockGraphDot } from './graph.ts';

/** In a page and alone, light and dark: what Graphviz painted black takes the colour of the text. */
const STYLE = `<style>
.lock-graph { color: #1b1b1b }
.lock-graph text { fill: currentColor }
.lock-graph .node path, .lock-graph .node polygon, .lock-graph .edge path { stroke: currentColor; fill: none }
.lock-graph .edge polygon { stroke: currentColor; fill: currentColor }
.lock-graph .new { color: #c62828 }
@media (prefers-color-scheme: dark) { .lock-graph { color: #e6e6e6 } .lock-graph .new { color: #ff8a80 } }
</style>`;

/**
 * A report's lock graph as an SVG element. Graphviz comes as WebAssembly in a package, and is loaded
 * only when there is something to draw.
 *
 * @param id as for `lockGraphDot`
 * @returns undefined when the report has no orders of locks
 */
export async function lockGraphSvg(report: KernelReport, id = 'locks'): Promise<string | undefined> {
  const dot = lockGraphDot(report, id);
  if (dot === undefined) return undefined;
  const { instance } = await import('@viz-js/viz');
  const document = (await instance()).renderString(dot, { format: 'svg' });
  // Without the XML declaration and the document type, which do not belong inside HTML.
  const svg = document.slice(document.indexOf('<svg'));
  const body = svg.indexOf('>') + 1;
  return `${svg.slice(0, body)}\n${STYLE}${svg.slice(body)}`;
}
