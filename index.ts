/**
 * Ringtrial as a library:
 *
 *     const verdict = await evaluate({ tree: 'debian:6.1', patch: 'my.patch', suite: 'fixed-buffers' });
 *     const { document } = await matrix({ matrix: { candidates: ['a.patch', 'b.patch'], profiles: ['lockdep', 'kasan'] } });
 */
export { ExitCode, RingtrialError } from './common/errors.ts';
export { evaluate } from './harness/evaluate.ts';
export type { Listener, TrialEvent } from './harness/events.ts';
export { type History, historyOf } from './harness/ledger/history.ts';
export { type MatrixDocument, type MatrixTrial, matrixSchema } from './harness/matrix/document.ts';
export type { MatrixEvent, MatrixListener } from './harness/matrix/events.ts';
export type { MatrixFile } from './harness/matrix/file.ts';
export { type MatrixOptions, type MatrixResult, matrix } from './harness/matrix/matrix.ts';
export type { EvaluateOptions } from './harness/trial.ts';
export { type Verdict, verdictSchema } from './harness/verdict.ts';
