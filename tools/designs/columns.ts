import { type DesignRow, measured, observed } from './rows.ts';

/** A question to each design, and where its answer is observed. */
export interface Column {
  readonly title: string;
  readonly answer: (row: DesignRow) => string;
}

/**
 * What the list asked: what happens to a request after unregister, whether and how long unregister waits, whether
 * submissions are refused meanwhile, and what registrations cost those that submit.
 */
export const columns: readonly Column[] = [
  { title: 'read in flight', answer: (row) => outcome(row, 'thread-steps.issued-read') },
  { title: 'read not issued yet', answer: (row) => outcome(row, 'thread-steps.queued-read') },
  { title: 'unregister', answer: unregister },
  {
    title: '1024 in flight',
    answer: (row) => time(row, 'change-latency.unregister-1024', 'unregister_with_1024_p50'),
  },
  { title: 'submission meanwhile', answer: (row) => value(row, 'thread-steps.meanwhile', 'submission') },
  { title: 'io_uring_enter', answer: enter },
  { title: 'reads/s', answer: (row) => rates(row, 'inline') },
  { title: 'reads/s by workers', answer: (row) => rates(row, 'async') },
  { title: 'verdict', answer: ({ verdicts }) => verdicts.join(', ') },
];

/** What the columns mean, for those who read the table. */
export const explanations: readonly string[] = [
  'read in flight, read not issued yet: what a fixed read got when its buffer was unregistered meanwhile, and whose memory it filled (thread-steps)',
  'unregister: whether it waits for that read, and how long it took; 1024 in flight: with so many reads, from their end or from the call to its return, median (change-latency)',
  'submission meanwhile: what happens to a submission while unregister waits (thread-steps.meanwhile)',
  'io_uring_enter: the median and the longest one while another thread registers a thousand times a second (submission-stall)',
  'reads/s: fixed reads of 512 bytes, without and with a thousand updates of their slot a second (read-throughput)',
];

/** Why there is no answer: a status other than PASS, or that nobody asked. */
function lack({ tests }: DesignRow, test: string): string {
  const status = tests.get(test)?.status;
  return status === undefined ? 'not run' : status === 'PASS' ? '-' : status;
}

const value = (row: DesignRow, test: string, key: string): string =>
  [...new Set(observed(row, test, key))].join(' or ') || lack(row, test);

function outcome(row: DesignRow, test: string): string {
  const result = value(row, test, 'result');
  const memory = [...new Set(observed(row, test, 'memory'))].filter((word) => word !== 'none');
  return memory.length === 0 ? result : `${result}, ${memory.join(' or ')} memory`;
}

function unregister(row: DesignRow): string {
  const test = 'thread-steps.issued-read';
  const waited = value(row, test, 'unregister_waited');
  const words = { yes: 'waits', no: 'returns' }[waited] ?? waited;
  const ms = measured(row, test, 'unregister_ms');
  if (ms === undefined) return words;
  // Printed in milliseconds.
  return `${words}, ${ms < 1 ? 'under 1 ms' : duration(ms * 1e6)}`;
}

function time(row: DesignRow, test: string, key: string): string {
  const ns = measured(row, test, key);
  return ns === undefined ? lack(row, test) : duration(ns);
}

function enter(row: DesignRow): string {
  const test = 'submission-stall.thousand';
  const key = 'enter_at_1000_per_second';
  const refused = observed(row, test, 'refused').includes('yes') ? ', refused' : '';
  const [median, longest] = [measured(row, test, `${key}_p50`), measured(row, test, `${key}_max`)];
  if (median === undefined || longest === undefined) return lack(row, test);
  return `${duration(median)} (${duration(longest)})${refused}`;
}

function rates(row: DesignRow, way: 'inline' | 'async'): string {
  const test = `read-throughput.${way}`;
  const costs = [0, 1000].map((updates) => measured(row, test, `fixed_${way}_at_${updates}_updates_p50`));
  const shown = costs.flatMap((ns) => (ns === undefined ? [] : [String(Number((1e9 / ns).toPrecision(2)))]));
  return shown.length < costs.length ? lack(row, test) : shown.join(' -> ');
}

/** Two digits are what such a measurement is good for. */
export function duration(ns: number): string {
  const [unit, size] = ns < 1e3 ? ['ns', 1] : ns < 1e6 ? ['µs', 1e3] : ns < 1e9 ? ['ms', 1e6] : ['s', 1e9];
  return `${Number((ns / Number(size)).toPrecision(2))} ${unit}`;
}
