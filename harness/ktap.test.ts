import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKtap } from './ktap.ts';

const document = `KTAP version 1
# seed 7
1..4
# observe result=-14
# observe unregister_ms=312 ms
# a word about it
ok 1 link-then-unregister
# expected 4096
# saw 2048
not ok 2 data
ok 3 clone # SKIP no IORING_REGISTER_CLONE_BUFFERS
not ok 4 setup # ERROR pipe: Too many open files
`;

describe('parseKtap', () => {
  test('results, directives, and the lines that belong to each', () => {
    const ktap = parseKtap(document);
    expect(ktap).toMatchObject({ present: true, planned: 4, problems: [] });
    expect(ktap.points).toMatchObject([
      {
        name: 'link-then-unregister',
        status: 'PASS',
        observations: [
          { key: 'result', value: '-14' },
          { key: 'unregister_ms', value: '312', unit: 'ms' },
        ],
        diagnostics: ['seed 7', 'a word about it'],
      },
      { name: 'data', status: 'FAIL', diagnostics: ['expected 4096', 'saw 2048'] },
      { name: 'clone', status: 'SKIP', reason: 'no IORING_REGISTER_CLONE_BUFFERS' },
      { name: 'setup', status: 'ERROR', reason: 'pipe: Too many open files' },
    ]);
  });

  test('what a program that died was doing is kept', () => {
    const ktap = parseKtap('KTAP version 1\n1..2\nok 1 a\n# observe result=1\n# waiting for the pipe\n');
    expect(ktap.trailing).toEqual(['waiting for the pipe']);
    expect(ktap.trailingObservations).toEqual([{ key: 'result', value: '1' }]);
  });

  test('the form with a dash, as the kernel prints it', () => {
    expect(parseKtap('KTAP version 1\n1..1\nok 1 - name').points[0]?.name).toBe('name');
  });

  test.each([
    ['twice the same name', 'KTAP version 1\n1..2\nok 1 a\nok 2 a\n', /same name/],
    ['a number left out', 'KTAP version 1\n1..3\nok 1 a\nok 3 b\n', /not numbered/],
    ['more than planned', 'KTAP version 1\n1..1\nok 1 a\nok 2 b\n', /planned/],
    ['a bail-out', 'KTAP version 1\nBail out! no ring\n', /Bail out/],
  ])('%s is a problem', (_, text, problem) => {
    expect(parseKtap(text).problems.join()).toMatch(problem);
  });

  test('text that is no KTAP is said to be none', () => {
    expect(parseKtap('hello\n').present).toBe(false);
    expect(parseKtap('').present).toBe(false);
  });

  test('no text makes it throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseKtap(text)));
    const lineish = fc.constantFrom(
      'ok',
      'not ok',
      ' 1',
      ' name',
      ' # SKIP',
      '\n',
      '# observe a=',
      '1..9',
      '\0',
    );
    fc.assert(fc.property(fc.array(lineish), (parts) => void parseKtap(parts.join(''))));
  });
});

describe('samples', () => {
  test('belong to the next result, by name, and are no diagnostics', () => {
    const { points } = parseKtap(
      'KTAP version 1\n1..2\n# sample a b[1]=10\n# sample c=5\n# sample a b[1]=12\nok 1 x\n# hello\nok 2 y\n',
    );
    expect(points[0]?.samples).toEqual([
      { name: 'a b[1]', values: [10, 12] },
      { name: 'c', values: [5] },
    ]);
    expect(points[0]?.diagnostics).toEqual([]);
    expect(points[1]?.samples).toBeUndefined();
  });

  test('that are no numbers of nanoseconds stay what they are: lines', () => {
    const { points } = parseKtap('# sample a=-1\n# sample =1\n# sample a=1e9\nok 1 x\n');
    expect(points[0]?.samples).toBeUndefined();
    expect(points[0]?.diagnostics).toHaveLength(3);
  });

  test('are bounded', () => {
    const lines = Array.from({ length: 10_500 }, (_, at) => `# sample a=${at}`);
    const { points } = parseKtap(`${lines.join('\n')}\nok 1 x\n`);
    expect(points[0]?.samples?.[0]?.values).toHaveLength(10_000);
  });
});
