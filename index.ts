/**
 * Ringtrial as a library:
 *
 *     const verdict = await evaluate({ tree: 'debian:6.1', patch: 'my.patch', suite: 'fixed-buffers' });
 */
export { ExitCode, RingtrialError } from './common/errors.ts';
export { evaluate } from './harness/evaluate.ts';
export type { Listener, TrialEvent } from './harness/events.ts';
export { type MatrixDocument, type MatrixTrial, matrixSchema } from './harness/matrix/document.ts';
export type { EvaluateOptions } from './harness/trial.ts';
export { type Verdict, verdictSchema } from './harness/verdict.ts';
