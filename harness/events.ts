import type { KernelEvent } from '../vm/kernel/index.ts';
import type { CellParts } from './cell-time.ts';
import type { Status } from './status.ts';

/** The two kernels of a trial. */
export type Side = 'base' | 'candidate';

/** Everything a trial tells while it runs: the one thing between the engine and any screen or log. */
export type TrialEvent =
  | {
      readonly type: 'started';
      readonly directory: string;
      readonly candidate: string;
      readonly tree: string;
    }
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'accelerator'; readonly name: string; readonly why: string }
  | { readonly type: 'kernel'; readonly side: Side; readonly event: KernelEvent }
  | { readonly type: 'suite'; readonly state: 'compiling' | 'ready'; readonly programs: number }
  | { readonly type: 'guest'; readonly side: Side; readonly state: 'booting'; readonly guest: string }
  | {
      readonly type: 'guest';
      readonly side: Side;
      readonly state: 'ready';
      readonly guest: string;
      readonly milliseconds: number;
    }
  | {
      readonly type: 'guest';
      readonly side: Side;
      readonly state: 'ended';
      readonly guest: string;
      readonly why: string;
    }
  | {
      readonly type: 'test';
      readonly side: Side;
      readonly state: 'running';
      readonly program: string;
      readonly repetition: number;
      /** Its number, where there are several. */
      readonly schedule?: number | undefined;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly type: 'test';
      readonly side: Side;
      readonly state: 'finished';
      readonly program: string;
      readonly repetition: number;
      /** Its number, where there are several. */
      readonly schedule?: number | undefined;
      /** The whole cell, and what of it is not the harness's own work. */
      readonly milliseconds: number;
      readonly parts: CellParts;
      readonly points: readonly {
        readonly name: string;
        readonly status: Status;
        readonly reason?: string;
      }[];
    }
  | { readonly type: 'report'; readonly side: Side; readonly title: string; readonly program: string | null }
  | { readonly type: 'verdict'; readonly verdict: string; readonly summary: string };

export type Listener = (event: TrialEvent) => void;
