import { describe, expect, test } from 'vitest';
import { loadCandidate } from '../../patches/index.ts';
import { parsePatchFile } from '../../patches/parse.ts';
import { type KernelReport, readLog } from '../klog/index.ts';
import { attribute, attributor, type Suspect } from './attribute.ts';
import { type CodeChanges, changesOfDiffs, changesOfFiles } from './changes.ts';
import { parseDependencies } from './dependencies.ts';
import { golden, packedGolden } from './fixtures.ts';

const ofCandidate = async (name: string): Promise<CodeChanges> => {
  const { patches } = await loadCandidate(name);
  return changesOfDiffs(patches.flatMap(({ name, bytes }) => parsePatchFile(name, bytes).files));
};
const inversion = await ofCandidate('mutants/uring-lock-inversion');
const design2 = await ofCandidate('2-lookup-under-uring-lock');
const forgotten = await ofCandidate('mutants/quiesce-forgotten');
const [circular, hung] = readLog(golden('inversion.console.txt')).toSorted((a, b) => a.start - b.start) as [
  KernelReport,
  KernelReport,
];
const [oops] = readLog(golden('forgotten.console.txt')) as [KernelReport];

/** A change in one function of a file that has nothing to do with io_uring. */
const elsewhere: CodeChanges = changesOfFiles([
  {
    path: 'fs/ext4/inode.c',
    before: 'int ext4_x(void)\n{\n\treturn 1;\n}\n',
    after: 'int ext4_x(void)\n{\n}\n',
  },
]);

const causes = (suspects: readonly Suspect[], report: KernelReport): string[] =>
  suspects.map((suspect) => attribute(report, suspect).cause);

describe('a circular dependency of a real kernel', () => {
  test('was introduced by the patch that made it, and says by what', () => {
    const found = attribute(circular, { changes: inversion, base: [] });
    expect(found.cause).toBe('introduced');
    expect(found.score).toBeGreaterThan(0.9);
    expect(found.reason).toBe('&ctx->buf_table_lock is a lock that the patch brings.');
    const texts = found.evidence.map(({ text }) => text).join('\n');
    expect(texts).toMatch(/The new order .* is taken in io_import_iovec, around __io_import_iovec/);
    expect(texts).toMatch(
      /The recorded order .* is taken in io_sqe_buffers_register, which the patch changes/,
    );
  });

  test('the new edge weighs more than a recorded one', () => {
    const only = (name: string): number => {
      const functions = inversion.functions.filter((f) => f.name === name);
      const changes = { ...inversion, functions, ownLocks: new Set<string>() };
      return attribute(circular, { changes, base: [] }).score;
    };
    expect(only('__io_import_iovec')).toBeGreaterThan(only('io_sqe_buffers_register'));
    expect(only('io_sqe_buffers_register')).toBeGreaterThan(0.6);
  });

  test('is no fault of a patch elsewhere', () => {
    const found = attribute(circular, { changes: elsewhere, base: [] });
    expect(found).toMatchObject({ cause: 'unrelated', score: 0, evidence: [] });
    expect(found.reason).toContain('may be chance');
  });

  test('is pre-existing when base shows it, whatever the patch changes', () => {
    const base = [{ signature: circular.signature }];
    expect(attribute(circular, { changes: inversion, base }).cause).toBe('pre-existing');
    expect(attribute(hung, { changes: inversion, base }).cause).not.toBe('pre-existing');
  });

  test('an order that base never took makes it more certain; orders that base takes make it older', () => {
    const orders = parseDependencies(packedGolden('base-after.lockdep.gz'));
    const weak = { ...design2, functions: [], ownLocks: new Set<string>(), takenLocks: new Set<string>() };
    expect(attribute(circular, { changes: weak, base: [], orders }).score).toBeGreaterThan(
      attribute(circular, { changes: weak, base: [] }).score,
    );
    const all = { has: () => true };
    expect(
      causes(
        [
          { changes: inversion, orders: all },
          { changes: elsewhere, orders: all },
        ],
        circular,
      ),
    ).toEqual(['exposed', 'pre-existing']);
  });

  test('a changed line that a symbolized frame names is as good as certain', () => {
    const at = 'io_uring/rsrc.c:4';
    const symbolized = readLog(
      circular.text.replaceAll(
        'io_sqe_buffers_register+0xc4/0x1bf',
        `io_sqe_buffers_register+0xc4/0x1bf ${at}`,
      ),
    );
    const changes: CodeChanges = {
      ...elsewhere,
      addedLines: new Map([['io_uring/rsrc.c', new Set([4])]]),
    };
    const found = attribute(symbolized[0] as KernelReport, { changes, base: [] });
    expect(found.cause).toBe('introduced');
    expect(found.reason).toContain(`on a line that the patch adds (${at})`);
  });
});

describe('other reports', () => {
  test('a hung task whose stack stands in a changed function', () => {
    const found = attribute(hung, { changes: inversion, base: [] });
    expect(found.cause).toBe('introduced');
    expect(found.reason).toContain('io_sqe_buffers_unregister, which the patch changes');
  });

  test('memory that was freed too early breaks in other code: connected, not unrelated', () => {
    const found = attribute(oops, { changes: forgotten, base: [] });
    expect(found.cause).toBe('exposed');
    expect(found.reason).toContain('Base did not show it');
    expect(attribute(oops, { changes: forgotten }).reason).toContain('No log of base was given');
    expect(attribute(oops, { changes: elsewhere, base: [] }).cause).toBe('unrelated');
  });

  test('what follows an introduced report is held for its consequence', () => {
    const ask = attributor({ changes: { ...inversion, functions: [] }, base: [] });
    const later = { ...oops, secondary: true };
    expect(ask(circular).cause).toBe('introduced');
    expect(ask(later)).toMatchObject({ cause: 'exposed' });
    expect(ask(later).reason).toContain('probably a consequence');
    expect(attributor({ changes: elsewhere, base: [] })(later).cause).toBe('unrelated');
  });
});
