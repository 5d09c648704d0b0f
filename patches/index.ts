export { type Applied, applySeries, type FileChange, PatchDoesNotApplyError } from './apply.ts';
export {
  base,
  type Candidate,
  InvalidCandidateError,
  listCandidates,
  loadCandidate,
  type Patch,
  UnknownCandidateError,
} from './candidate.ts';
export { type HunkFailure, renderFailure } from './explain.ts';
export { GitMissingError } from './git.ts';
export { DamagedPatchError, EmptyPatchError } from './parse.ts';
export { UnsafePatchError } from './safety.ts';
export { type CandidateKind, candidateSchema, type Detector, detectors, type Expectation } from './schema.ts';
