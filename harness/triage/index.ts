/** What is done with kernel reports once they are read: shown, grouped, drawn, attributed to a patch. */
export { type Attribution, attribute, attributor, type Cause, type Suspect } from './attribute.ts';
export { type CodeChanges, changesOfDiffs, changesOfFiles, type FilePair } from './changes.ts';
export { Dependencies, mergeDependencies, type Orders, parseDependencies } from './dependencies.ts';
export {
  type AddedDependency,
  type Dependency,
  type DependencyDiff,
  describeAdded,
  diffDependencies,
  type Meaning,
  type Recorded,
} from './dependency-diff.ts';
export type { Write } from './document.ts';
export { followJsonMode, followMode } from './follow.ts';
export { lockGraphDot } from './graph.ts';
export {
  dotMode,
  groupJsonMode,
  groupMode,
  htmlMode,
  jsonMode,
  type Mode,
  type TriageJob,
  terminalMode,
} from './modes.ts';
export {
  groupsSchema,
  type ReportDocument,
  reportSchema,
  type TriageDocument,
  triageSchema,
} from './schema.ts';
export { fileSource, growingSource, type LogSource, LogUnreadableError, streamSource } from './source.ts';
export { loadSuspect } from './suspect.ts';
export { lockGraphSvg } from './svg.ts';
