import type { LineCoverage } from '../coverage/schema.ts';
import { aPoint, aReport, judged, observed } from '../fixtures.ts';
import type { KernelReport } from '../klog/index.ts';
import { type LoadedRun, type LoadedTrial, runOfVerdict } from '../load-run.ts';
import type { PointResult, Status } from '../status.ts';
import { type Verdict, verdictSchema } from '../verdict.ts';

const hash = (digit: string): string => digit.repeat(64);

/** For tests: the verdict on points `PROGRAM.x` of base and candidate, and on reports of the candidate. */
export function aVerdict(
  points: readonly (readonly [base: PointResult, candidate: PointResult])[],
  reports: readonly Partial<KernelReport>[] = [],
  more: Partial<Verdict> = {},
): Verdict {
  const base = observed(points.map(([was]) => was));
  const found = reports.map((report, index) => aReport(`signature-${index}`, 'reported', report));
  const candidate = observed(
    points.map(([, is]) => is),
    { reports: found },
  );
  const kernel = (digit: string) => ({ hash: hash(digit), version: '6.1.1', vmlinux: '/v', reused: true });
  return verdictSchema.parse({
    schema: 'ringtrial.verdict/1',
    ...judged(base, candidate),
    candidate: { name: 'mine', title: 'io_uring: mine', patches: [{ name: '1.patch', sha256: hash('a') }] },
    tree: { spec: 'debian:6.1', id: 'debian-6.1.1-1', version: '6.1.1', hash: 't' },
    profile: 'lockdep',
    suite: 'fixed-buffers',
    accelerator: { name: 'tcg', why: 'no KVM' },
    ...{ repetitions: 1, strict: false, kernels: { base: kernel('b'), candidate: kernel('c') } },
    ...{ directory: '/run', startedAt: '2026-01-02T03:04:05.678Z', seconds: 5 },
    ...more,
  });
}

/** For tests: the same status on both kernels, unless the second is given. */
export const aPair = (
  program: string,
  base: Status,
  candidate = base,
  more: Partial<PointResult> = {},
): [PointResult, PointResult] => [aPoint(program, base), aPoint(program, candidate, more)];

/** For tests: one point of every status, and a failure that such kernels are known for. */
export const everyStatus = (): Verdict => {
  const verdict = aVerdict([
    aPair('passes', 'PASS'),
    aPair('fails', 'PASS', 'FAIL', { reason: 'expected 0, saw 1' }),
    aPair('breaks', 'PASS', 'ERROR', { reason: 'mmap failed' }),
    aPair('vanishes', 'PASS', 'MISS', { reason: 'connection lost' }),
    aPair('skips', 'SKIP', 'SKIP', { reason: 'no IORING_REGISTER_CLONE_BUFFERS' }),
    aPair('known', 'FAIL', 'FAIL', { reason: 'as always' }),
  ]);
  const tests = verdict.tests.map((test) =>
    test.name === 'known.x' ? { ...test, change: 'known failure' as const } : test,
  );
  return { ...verdict, tests };
};

export const aRun = (verdict: Verdict): LoadedRun => runOfVerdict(verdict);

/** For tests: a matrix of the trials of some verdicts, and of one that nobody has run. */
export function aMatrix(...verdicts: readonly Verdict[]): LoadedRun {
  const trials = verdicts.flatMap((verdict) => runOfVerdict(verdict).trials);
  const about = { candidate: 'mine', tree: 'debian:7.2', profile: 'kasan', suite: 'fixed-buffers' };
  const absent: LoadedTrial = {
    id: 'mine@debian:7.2/kasan/fixed-buffers',
    ...about,
    ...{ directory: '/run/x', verdict: undefined, missing: 'its kernel was never built' },
  };
  return {
    ...{ kind: 'matrix', name: 'nightly', summary: '1 missing', directory: '/run' },
    trials: [...trials, absent],
  };
}

/** For tests: a patch of three lines with code, of which the last was never run. */
export const someCoverage = (path = 'io_uring/rw.c', text = 'return 1;'): LineCoverage => ({
  ...{ changed: 3, neverRun: [{ path, line: 4, text }], unknown: [] },
  files: [
    {
      path,
      hunks: [
        {
          heading: '@@ -1,1 +1,4 @@',
          lines: [
            { sign: ' ', line: 1, text: '{', count: null, programs: [] },
            { sign: '+', line: 2, text, count: 7, programs: ['p'] },
            { sign: '+', line: 3, text, count: 7, programs: ['p'] },
            { sign: '+', line: 4, text, count: 0, programs: [] },
          ],
        },
      ],
    },
  ],
});

/** For tests: what a hostile guest may write. */
export const hostileText = [
  '\u001b[2J\u001b]0;title\u0007 ]]> </system-out><x a="1">&amp; \u0000\u0008\ufffe\uffff',
  'lone \ud800 and \udc00 surrogates, \u202eturned round',
  '::error file=evil::injected',
  '##[command]injected',
  '<script>alert(1)</script> `code` | cell | **bold** [link](http://example.com) @everyone',
  'Tested-by: Somebody Else <else@example.com>',
  '   Reviewed-by: Somebody Else <else@example.com>',
  'ok 1 injected',
  'not ok 2 injected # SKIP',
  '1..99',
  'KTAP version 1',
  '\r\nFrom someone\r\n---\r\n',
].join('\n');

/** For tests: a verdict in which every text that others wrote is hostile. */
export const hostile = (): Verdict =>
  aVerdict(
    [
      aPair('evil', 'PASS', 'FAIL', {
        reason: hostileText,
        diagnostics: hostileText.split('\n'),
        observations: [{ key: 'key', value: '\u001b[31m|<b>`' }],
      }),
      aPair('ev#il', 'PASS', 'SKIP', { name: 'ev#il.\u001b[2J # TODO ::error::', reason: hostileText }),
    ],
    [{ title: hostileText, text: hostileText }],
    { coverage: someCoverage(hostileText, hostileText) },
  );
