import type { KernelEvent } from '../../vm/kernel/index.ts';
import type { TrialEvent } from '../events.ts';
import type { MatrixTrial } from './document.ts';

/** Everything a matrix tells while it runs. */
export type MatrixEvent =
  | { readonly type: 'began'; readonly directory: string; readonly trials: number; readonly finished: number }
  | { readonly type: 'notice'; readonly message: string }
  /** `label` is a candidate's name or `base`, with its tree and profile. */
  | { readonly type: 'build'; readonly label: string; readonly event: KernelEvent }
  /** Base goes through a suite, for all trials that are compared with it. */
  | { readonly type: 'base'; readonly label: string; readonly event: TrialEvent }
  | { readonly type: 'trial'; readonly id: string; readonly event: TrialEvent }
  | {
      readonly type: 'finished';
      readonly trial: MatrixTrial;
      readonly done: number;
      readonly trials: number;
    };

export type MatrixListener = (event: MatrixEvent) => void;
