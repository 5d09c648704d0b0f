import type { Frame, KernelReport, LockClass, LockEdge } from '../klog/index.ts';
import { printedName } from '../klog/lockdep/lock.ts';
import { safeLine } from './safe.ts';

/** Frames shown on an edge: enough to see who took the lock on whose behalf. */
const MAX_FRAMES = 7;

/** lockdep's frames and the lock primitives say nothing on an edge, which is a taken lock by itself. */
function telling(edge: LockEdge): Frame[] {
  const frames = edge.trace.frames.filter((frame) => !frame.unreliable && frame.func !== undefined);
  const from = frames.findIndex(({ func }) => func === edge.acquiredIn);
  return frames.slice(Math.max(0, from));
}

/** Longer chains than lockdep can hold (MAX_LOCK_DEPTH is 48, include/linux/sched.h) come from no kernel. */
const MAX_EDGES = 100;

/**
 * The locks of a report as a graph in the DOT language (graphviz.org/doc/info/lang.html): an arrow leads
 * from the lock that was held to the one that was taken, and carries the stack in which that happened. The
 * order that made lockdep speak is bold.
 *
 * @param id unique in a page that shows several graphs; a word
 * @returns undefined when the report has no orders of locks
 */
export function lockGraphDot(report: KernelReport, id = 'locks'): string | undefined {
  const { lockdep } = report;
  if (lockdep === undefined || lockdep.edges.length === 0 || lockdep.edges.length > MAX_EDGES)
    return undefined;
  const nodes = new Map<string, { id: string; lock: LockClass }>();
  const nodeOf = (lock: LockClass): string => {
    const known = nodes.get(printedName(lock)) ?? { id: `n${nodes.size}`, lock };
    nodes.set(printedName(lock), known);
    return known.id;
  };
  const edges = lockdep.edges.map((edge, index) =>
    edgeLine(edge, `${nodeOf(edge.from)} -> ${nodeOf(edge.to)}`, { report, id: `${id}_e${index}` }),
  );
  return [
    `digraph ${quoted(id)} {`,
    `  graph [id=${quoted(id)}, class="lock-graph", bgcolor="transparent", rankdir="LR", nodesep=0.6, ranksep=1.2, label=${quoted(report.title)}, fontname="Helvetica", fontsize=12, labelloc="t"];`,
    '  node [shape=box, style="rounded", fontname="Courier", fontsize=12, margin="0.2,0.12"];',
    '  edge [fontname="Courier", fontsize=9];',
    ...[...nodes.values()].map((node) => nodeLine(node, id)),
    ...edges,
    '}',
    '',
  ].join('\n');
}

function nodeLine({ id, lock }: { id: string; lock: LockClass }, graph: string): string {
  const facts = [
    lock.wait === undefined ? '' : waitWords(lock.wait),
    lock.usage === undefined ? '' : `{${lock.usage}}`,
  ].filter((fact) => fact !== '');
  return `  ${id} [id=${quoted(`${graph}_${id}`)}, label=${quoted(printedName(lock), ...facts)}];`;
}

const waitWords = ({ outerType, innerType }: NonNullable<LockClass['wait']>): string =>
  outerType === innerType || innerType === 'unchecked' ? outerType : `${outerType}, inside ${innerType}`;

function edgeLine(
  edge: LockEdge,
  arrow: string,
  { report, id }: { report: KernelReport; id: string },
): string {
  const frames = telling(edge);
  const shown = frames.slice(0, MAX_FRAMES).map((frame) => frameText(frame));
  const more = frames.length > MAX_FRAMES ? [`... ${frames.length - MAX_FRAMES} more`] : [];
  const lines = [heading(edge, report), ...shown, ...more];
  // `\l`: ends a line that is flushed left.
  const label = lines.map((line) => `${escaped(line)}\\l`).join('');
  const style = { new: 'bold', recorded: 'solid', interrupt: 'dashed' }[edge.how];
  const colour = edge.how === 'new' ? ', color="#c62828", fontcolor="#c62828"' : '';
  return `  ${arrow} [id=${quoted(id)}, class="${edge.how}", style=${style}${colour}, label="${label}"];`;
}

function heading(edge: LockEdge, report: KernelReport): string {
  const who = report.task === undefined ? '' : ` by ${report.task.comm}/${report.task.pid}`;
  switch (edge.how) {
    case 'new':
      return `new${who}:`;
    case 'recorded':
      return edge.trace.frames.length === 0 ? 'recorded before' : 'recorded before:';
    case 'interrupt':
      return edge.trace.frames.length === 0 ? 'by an interrupt' : 'by an interrupt:';
  }
}

const frameText = ({ func = '', at, module }: Frame): string =>
  `  ${func}${module === undefined ? '' : ` [${module}]`}${at === undefined ? '' : ` ${at}`}`;

const escaped = (text: string): string => safeLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');

/** A DOT string of several centred lines. */
const quoted = (...lines: readonly string[]): string => `"${lines.map(escaped).join('\\n')}"`;
