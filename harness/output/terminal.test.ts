import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { judged, observed } from '../fixtures.ts';
import type { PointResult } from '../status.ts';
import type { Verdict } from '../verdict.ts';
import { table } from './table.ts';
import { renderVerdict } from './terminal.ts';

const point = (
  own: PointResult['own'],
  observations: PointResult['observations'],
  reason?: string,
): PointResult => ({
  ...{
    name: 'p.x',
    program: 'p',
    repetition: 1,
    status: own,
    own,
    observations,
    diagnostics: [],
    reports: [],
  },
  ...(reason === undefined ? {} : { reason }),
});

function verdict(base: PointResult, candidate: PointResult): Verdict {
  return {
    ...judged(observed([base]), observed([candidate])),
    ...{
      schema: 'ringtrial.verdict/1',
      profile: 'lockdep',
      suite: 's',
      repetitions: 1,
      strict: false,
      kernels: {},
    },
    candidate: { name: 'c', title: 'c', patches: [] },
    tree: { spec: 't', id: 't-1', version: '6.1', hash: 'h' },
    accelerator: { name: 'tcg', why: '' },
    ...{ directory: '/run', startedAt: new Date(0).toISOString(), seconds: 5 },
  };
}

// A stream that is no terminal: no colours.
const plain = new PassThrough() as unknown as NodeJS.WriteStream;

describe('renderVerdict', () => {
  test('a guest that came up at its second boot only is told of', () => {
    const passed = verdict(point('PASS', []), point('PASS', []));
    const why = 'init was ready, but its SSH server let nobody in within 90 s';
    const again = {
      ...passed,
      secondTries: [{ side: 'candidate' as const, directory: 'candidate/guest-3', why }],
    };
    expect(renderVerdict(passed, plain)).not.toContain('second boot');
    expect(renderVerdict(again, plain)).toContain(
      `A guest of the patched kernel came up at its second boot only: ${why} (candidate/guest-3).`,
    );
  });

  test('what both kernels show stands in one line, a difference in a row of its own', () => {
    const text = renderVerdict(
      verdict(
        point('PASS', [
          { key: 'memory', value: 'old' },
          { key: 'result', value: '4096' },
          { key: 'ms', value: '312.7', unit: 'ms' },
        ]),
        point('PASS', [
          { key: 'memory', value: 'old' },
          { key: 'result', value: '-14' },
          { key: 'ms', value: '1.2', unit: 'ms' },
        ]),
      ),
      plain,
    );
    expect(text).toContain('  both memory=old\n');
    expect(text).toMatch(/ {2}result +4096 +-14 +<-\n/);
    expect(text).toMatch(/ {2}ms +313 ms +1 ms\n/);
    expect(text).toContain('accepted, 1 behaviour changed');
  });

  test('a failure shows its reason, and what it saw before is not compared', () => {
    const text = renderVerdict(
      verdict(point('PASS', [{ key: 'result', value: '4096' }]), point('FAIL', [], 'expected a; saw b')),
      plain,
    );
    expect(text).toContain('expected a; saw b');
    expect(text).not.toContain('result');
    expect(text).toContain('rejected: p.x fails with the patch and not without');
  });
});

test('a line between the rows of a table does not widen its columns', () => {
  expect(table(['a', 'b'], [['1', '2'], 'a line that is long', ['333', '4']])).toBe(
    'a    b\n1    2\na line that is long\n333  4\n',
  );
});

test('says what a pass through the suite took, where a whole one was seen', () => {
  const seen = verdict(point('PASS', []), point('PASS', []));
  expect(renderVerdict({ ...seen, pass: { programs: 48, base: 63.4, candidate: 64.6 } }, plain)).toContain(
    'suite s: 48 programs, one pass in 63 s (base), 65 s (patched)\n',
  );
  expect(renderVerdict({ ...seen, pass: { programs: 1, base: 2 } }, plain)).toContain(
    'suite s: 1 program, one pass in 2 s (base)\n',
  );
  expect(renderVerdict({ ...seen, pass: { programs: 1 } }, plain)).not.toContain('suite s:');
});
