export {
  type Applied,
  type ApplyOptions,
  applySeries,
  type FileChange,
  type Fit,
  PatchDoesNotApplyError,
} from './apply.ts';
export {
  base,
  type Candidate,
  InvalidCandidateError,
  listCandidates,
  loadCandidate,
  type Patch,
  UnknownCandidateError,
} from './candidate.ts';
export { projectCandidates } from './catalogue.ts';
export { type HunkFailure, renderFailure } from './explain.ts';
export { GitMissingError } from './git.ts';
export { type IngestOptions, ingest } from './ingest/ingest.ts';
export type { Ingested, Report } from './ingest/report.ts';
export { DamagedPatchError, EmptyPatchError } from './parse.ts';
export { UnsafePatchError } from './safety.ts';
export {
  type CandidateKind,
  candidateSchema,
  type Detector,
  detectors,
  type Expectation,
  type Provenance,
} from './schema.ts';
export { repositoryOf } from './three-way.ts';
export { fitTo, treeFits } from './tree-fit.ts';
