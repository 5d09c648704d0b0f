import { ExitCode, RingtrialError } from '../../common/errors.ts';

/** No such suite, or a suite.json that is not as it should be. */
export class SuiteError extends RingtrialError {
  readonly code = 'BAD_SUITE';
}

/** The suite's C programs do not compile here: nothing can be said about any kernel. */
export class SuiteBuildError extends RingtrialError {
  readonly code = 'SUITE_DOES_NOT_COMPILE';
  override readonly exitCode = ExitCode.inconclusive;
}
