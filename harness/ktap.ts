import type { Observation, Samples, Status } from './status.ts';

/** One top-level result line of a KTAP document. */
export interface KtapPoint {
  readonly number: number;
  readonly name: string;
  readonly status: Extract<Status, 'PASS' | 'FAIL' | 'ERROR' | 'SKIP'>;
  /** Text behind the directive: why it was skipped, what is broken. */
  readonly reason?: string;
  readonly observations: readonly Observation[];
  readonly samples?: readonly Samples[];
  readonly diagnostics: readonly string[];
}

export interface Ktap {
  /** Whether the version line was there at all. */
  readonly present: boolean;
  /** Points that the plan line announced; undefined when there was no plan. */
  readonly planned: number | undefined;
  readonly points: readonly KtapPoint[];
  /** `# ` lines behind the last result line: what a program that died was doing. */
  readonly trailing: readonly string[];
  readonly trailingObservations: readonly Observation[];
  /** What is wrong with the document itself, for people. */
  readonly problems: readonly string[];
}

const resultLine = /^(ok|not ok) (\d+)(?: -)? ?([^#]*?)(?: *# *(\S+)(?: (.*))?)?$/;
const sampleLine = /^# sample (\S[^=]{0,79})=(\d{1,15})$/;
/** A program that prints more of one name, or of more names, is at fault; the rest is left out. */
const mostSamples = 10_000;
const mostNames = 200;
const observeLine = /^# observe ([A-Za-z0-9_.-]+)=(\S+)(?: (\S+))?$/;

/**
 * Reads KTAP version 1 (Documentation/dev-tools/ktap.rst) from a program's standard output.
 * Diagnostic lines belong to the result line that follows them. Indented lines (subtests) count as
 * diagnostics of the result line that closes them. Never throws: a test program is hostile input.
 */
export function parseKtap(text: string): Ktap {
  const points: KtapPoint[] = [];
  const problems: string[] = [];
  let present = false;
  let planned: number | undefined;
  let diagnostics: string[] = [];
  let observations: Observation[] = [];
  let samples = new Map<string, number[]>();
  for (const raw of text.split('\n')) {
    const line = raw.trimEnd();
    const plan = /^1\.\.(\d+)/.exec(line);
    const result = resultLine.exec(line);
    if (/^K?TAP version \d+$/.test(line)) present = true;
    else if (plan) planned = Number(plan[1]);
    else if (result) {
      points.push({ ...point(result), observations, ...taken(samples), diagnostics });
      diagnostics = [];
      observations = [];
      samples = new Map();
    } else if (line.startsWith('Bail out!')) problems.push(line);
    else if (line !== '' && !noteSample(samples, line)) {
      const observed = observation(line);
      if (observed) observations.push(observed);
      else diagnostics.push(line.replace(/^# ?/, ''));
    }
  }
  problems.push(...numbering(points, planned));
  return { present, planned, points, trailing: diagnostics, trailingObservations: observations, problems };
}

function point(match: RegExpExecArray): Omit<KtapPoint, 'observations' | 'diagnostics'> {
  const [, verdict, number, name = '', directive, rest] = match;
  const failed = verdict === 'not ok';
  const reason = rest === undefined ? {} : { reason: rest };
  const base = { number: Number(number), name: name.trim(), ...reason };
  if (directive?.toUpperCase() === 'SKIP') return { ...base, status: 'SKIP' };
  // ERROR is this suite's own directive: the test, not the kernel, is at fault.
  if (directive?.toUpperCase() === 'ERROR') return { ...base, status: 'ERROR' };
  return { ...base, status: failed ? 'FAIL' : 'PASS' };
}

function observation(line: string): Observation | undefined {
  const match = observeLine.exec(line);
  if (!match) return undefined;
  const [, key = '', value = '', unit] = match;
  return unit === undefined ? { key, value } : { key, value, unit };
}

/** Whether a line is a sample; then it is kept with the others of its name. */
function noteSample(samples: Map<string, number[]>, line: string): boolean {
  const [, name, value] = sampleLine.exec(line) ?? [];
  if (name === undefined) return false;
  const values = samples.get(name) ?? [];
  if (samples.size < mostNames || samples.has(name)) samples.set(name, values);
  if (values.length < mostSamples) values.push(Number(value));
  return true;
}

const taken = (samples: ReadonlyMap<string, readonly number[]>): Pick<KtapPoint, 'samples'> =>
  samples.size === 0 ? {} : { samples: [...samples].map(([name, values]) => ({ name, values })) };

function numbering(points: readonly KtapPoint[], planned: number | undefined): string[] {
  const problems: string[] = [];
  const names = new Set(points.map((entry) => entry.name));
  if (names.size !== points.length) problems.push('two result lines have the same name');
  if (points.some((entry, index) => entry.number !== index + 1))
    problems.push('result lines are not numbered 1, 2, 3 …');
  if (planned !== undefined && points.length > planned)
    problems.push(`${points.length} result lines, ${planned} planned`);
  return problems;
}
