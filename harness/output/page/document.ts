/**
 * What a page holds. Everything is text made visible (see visible.ts), bounded, and as the app shows it. The index is
 * read when the page opens; the story of a trial or of a report only when somebody opens it.
 */
import type { CoveredLine } from '../../coverage/changed-lines.ts';
import type { ProgramRow } from '../../coverage/tables.ts';
import type { Status } from '../../status.ts';
import type { Part } from '../../triage/fold.ts';
import type { LockOrder, Measurement, TestComparison, TestSide, Verdict } from '../../verdict.ts';

export type Change = TestComparison['change'];
export type TrialVerdict = Verdict['verdict'] | 'missing';

/** One test of one trial: number of its name, of base's status, of the candidate's, and of its change; behaviours that changed and measurements that differ; numbers of reports; earlier statuses, the oldest first. */
export type CellRow = readonly [
  name: number,
  base: number,
  candidate: number,
  change: number,
  behaviours: number,
  measurements: number,
  reports: readonly number[],
  history: string,
];

export interface TrialEntry {
  readonly id: string;
  readonly candidate: string;
  readonly title: string;
  readonly tree: string;
  readonly profile: string;
  readonly suite: string;
  readonly verdict: TrialVerdict;
  /** One line. */
  readonly summary: string;
  readonly cells: readonly CellRow[];
}

/** That a trial's file of known reports accepts a report. */
export interface Acceptance {
  readonly trial: number;
  readonly reason: string;
  readonly link: string;
  /** The last day of it, as `2027-03-31`. */
  readonly expires: string;
}

/** An entry of a trial's file of known reports, and what became of it. */
export type KnownEntry = NonNullable<Verdict['knownReports']>[number] & { readonly trial: number };

export interface ReportEntry {
  readonly signature: string;
  readonly kind: string;
  readonly title: string;
  readonly severity: 'bug' | 'warning' | 'info';
  /** The gravest over all trials. */
  readonly cause: string | null;
  /** Some trial saw it with the patch alone. */
  readonly isNew: boolean;
  readonly base: number;
  readonly candidate: number;
  /** Numbers of the trials that saw it. */
  readonly trials: readonly number[];
  /** By the trials that accept it. */
  readonly known: readonly Acceptance[];
  /** In how many of the earlier runs it was seen: a letter each, `x` or `-`, the oldest first. */
  readonly history: string;
}

export interface PageIndex {
  readonly kind: 'trial' | 'matrix';
  readonly name: string;
  readonly summary: string;
  /** Names of tests, and of changes, which cells refer to by number. */
  readonly names: readonly string[];
  readonly changes: readonly Change[];
  readonly statuses: readonly Status[];
  readonly trials: readonly TrialEntry[];
  readonly reports: readonly ReportEntry[];
  readonly known: readonly KnownEntry[];
}

/** An earlier run as a test or a signature knows it. */
export interface PastRun {
  readonly run: string;
  /** ISO 8601. */
  readonly date: string;
  /** A test's status; of a signature, whether it was seen. */
  readonly status: Status | 'seen' | 'not seen';
}

/** `left`: lines of the test that are not here. */
export type SideDetail = Omit<TestSide, 'observations'> & { readonly left: number };

/** What one key said in each repetition of either kernel. */
export interface ObservationDetail {
  readonly key: string;
  readonly unit?: string;
  readonly base: readonly string[];
  readonly candidate: readonly string[];
}

/** What was measured often enough to be compared. */
export type MeasurementDetail = Omit<Measurement, 'test'>;

export interface TestDetail extends Pick<TestComparison, 'p' | 'pCorrected' | 'runsForFixed'> {
  readonly base: SideDetail;
  readonly candidate: SideDetail;
  readonly observations: readonly ObservationDetail[];
  readonly measurements: readonly MeasurementDetail[];
  readonly past: readonly PastRun[];
}

export interface FileText {
  readonly name: string;
  readonly text: string;
  /** Bytes of the file that are not here. */
  readonly left: number;
}

/** What was taken down of a guest in which something hung. */
export interface Dossier {
  readonly program: string;
  readonly side: string;
  readonly repetition: string;
  /** The number of the schedule, where there were several. */
  readonly schedule?: string | undefined;
  /** Relative to the trial's directory. */
  readonly directory: string;
  readonly files: readonly FileText[];
}

export interface OrderDetail
  extends Pick<LockOrder, 'from' | 'to' | 'meaning' | 'programs' | 'runs' | 'ofPatch'> {
  readonly sentence: string;
  /** It says something about the patch, and is probably no chance. */
  readonly likely: boolean;
}

/** Which lines of the patch ran, under which programs. */
export interface CoverageDetail {
  /** Lines with code that the patch brings. */
  readonly changed: number;
  readonly lines: readonly { readonly place: string; readonly programs: readonly string[] }[];
  readonly programs: readonly ProgramRow[];
  readonly unknown: readonly string[];
  readonly files: readonly {
    readonly path: string;
    readonly hunks: readonly {
      readonly heading: string;
      readonly lines: readonly Pick<CoveredLine, 'sign' | 'text' | 'count'>[];
    }[];
  }[];
}

/** What the guests of a schedule were like, and how many tests did not pass in each run under it. */
export interface ScheduleDetail {
  readonly number: number;
  readonly text: string;
  readonly base: number;
  readonly candidate: number;
}

export interface TrialDetail
  extends Pick<
    Verdict,
    | 'reasons'
    | 'behaviours'
    | 'accelerator'
    | 'tree'
    | 'candidate'
    | 'repetitions'
    | 'startedAt'
    | 'seconds'
    | 'kernels'
  > {
  readonly directory: string;
  readonly buildError?: Verdict['buildError'];
  readonly orders: readonly OrderDetail[];
  readonly coverage?: CoverageDetail;
  readonly schedules: readonly ScheduleDetail[];
  /** How far the results can be trusted: a sentence each. */
  readonly limits: readonly string[];
  /** In the order of the index. */
  readonly tests: readonly TestDetail[];
  readonly dossiers: readonly Dossier[];
  /** How many dossiers are in the trial's directory only. */
  readonly dossiersLeft: number;
}

/** A hunk of the candidate that a report's attribution points at. */
export interface BlamedHunk {
  readonly patch: string;
  readonly file: string;
  readonly header: string;
  readonly lines: readonly string[];
  /** What of it the report names. */
  readonly because: string;
}

/** A report as one trial saw it. */
export interface Sighting {
  readonly trial: number;
  readonly base: number;
  readonly candidate: number;
  readonly programs: readonly string[];
  /** Numbers of the schedules that it was seen under, where there were several. */
  readonly schedules: readonly number[];
  readonly console: string;
  readonly attribution: {
    readonly cause: string;
    readonly words: string;
    readonly score: number;
    readonly reason: string;
    readonly evidence: readonly string[];
  } | null;
  readonly hunks: readonly BlamedHunk[];
  /** Why there are no hunks although a patch is blamed. */
  readonly noHunks?: string | undefined;
  /** Lock orders of the trial that share a lock with the report. */
  readonly orders: readonly OrderDetail[];
}

/** A place in a report that somebody wants to jump to: `line` counts the parts of its folded text from 0. */
export interface Landmark {
  readonly line: number;
  readonly label: string;
}

/** The console round the first occurrence of a report. */
export interface Excerpt {
  readonly console: string;
  readonly before: readonly string[];
  readonly report: readonly Part[];
  readonly after: readonly string[];
  readonly landmarks: readonly Landmark[];
  /** Bytes of the report itself that are left out. */
  readonly left: number;
  /** Why there is nothing round the report. */
  readonly missing?: string | undefined;
}

export interface ReportDetail {
  readonly explanation: readonly string[];
  /** The lock cycle, an SVG element. */
  readonly svg?: string | undefined;
  /** For each arrow in it, the part of the excerpt's report that has its stack. */
  readonly arrows: readonly (number | null)[];
  readonly sightings: readonly Sighting[];
  readonly excerpt: Excerpt;
  readonly past: readonly PastRun[];
}
