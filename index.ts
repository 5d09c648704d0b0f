/**
 * Ringtrial as a library:
 *
 *     const verdict = await evaluate({ tree: 'debian:6.1', patch: 'my.patch', suite: 'fixed-buffers' });
 *     const { document } = await matrix({ matrix: { candidates: ['a.patch', 'b.patch'], profiles: ['lockdep', 'kasan'] } });
 *
 * Everything that takes time takes a `signal`, and leaves no guest behind when it is aborted. Faults are
 * `RingtrialError`s with a stable `code`; what tests, builds and guests do is data.
 */
export { ExitCode, RingtrialError } from './common/errors.ts';
export { compareRuns, type RunChange, type RunComparison } from './harness/compare-runs.ts';
export { evaluate } from './harness/evaluate.ts';
export type { Listener, TrialEvent } from './harness/events.ts';
export { type History, historyOf } from './harness/ledger/history.ts';
export {
  type BootedGuest,
  type BootOptions,
  boot,
  type CommandOptions,
  type CommandResult,
} from './harness/library/boot.ts';
export { type FetchedTree, fetchTree } from './harness/library/fetch-tree.ts';
export { type LogInput, type TriageOptions, triage } from './harness/library/triage.ts';
export { type LoadedRun, type LoadedTrial, loadRun } from './harness/load-run.ts';
export { type MatrixDocument, type MatrixTrial, matrixSchema } from './harness/matrix/document.ts';
export type { MatrixEvent, MatrixListener } from './harness/matrix/events.ts';
export type { MatrixFile } from './harness/matrix/file.ts';
export { type LoadedMatrix, loadMatrixFile } from './harness/matrix/load-file.ts';
export { type MatrixOptions, type MatrixResult, matrix } from './harness/matrix/matrix.ts';
export { comparisonMarkdown } from './harness/output/comparison.ts';
export { matrixProgressOn } from './harness/output/matrix.ts';
export { type Format, formats } from './harness/output/report.ts';
export { type Screen, screenOn } from './harness/output/screen.ts';
export { type ReportTarget, writeReport } from './harness/output/write-report.ts';
export { runsRoot } from './harness/run-directory.ts';
export { type ReportDocument, type TriageDocument, triageSchema } from './harness/triage/schema.ts';
export type { EvaluateOptions } from './harness/trial.ts';
export { type TestComparison, type TestSide, type Verdict, verdictSchema } from './harness/verdict.ts';
export { interruptible } from './tools/interrupt.ts';
