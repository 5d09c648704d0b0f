import { RingtrialError } from '../../common/errors.ts';

/** There was nothing in it that could be applied. */
export class NothingToApplyError extends RingtrialError {
  readonly code = 'NOTHING_TO_APPLY';
}

/** What there is of a series is not all of it. */
export class IncompleteSeriesError extends RingtrialError {
  readonly code = 'INCOMPLETE_SERIES';
}

/** No series has the version that was asked for. */
export class NoSuchVersionError extends RingtrialError {
  readonly code = 'NO_SUCH_VERSION';
}
