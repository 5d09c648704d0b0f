import { describe, expect, test } from 'vitest';
import { type KernelReport, readLog } from '../klog/index.ts';
import { golden } from './fixtures.ts';
import { lockGraphDot } from './graph.ts';
import { lockGraphSvg } from './svg.ts';

const circular = readLog(golden('inversion.console.txt')).find(
  ({ kind }) => kind === 'lockdep.circular',
) as KernelReport;
const [oops] = readLog(golden('forgotten.console.txt')) as [KernelReport];

describe('lockGraphDot', () => {
  test('leads from the held lock to the taken one, with the stack of it', () => {
    const dot = lockGraphDot(circular) ?? '';
    const node = (name: string): string =>
      new RegExp(`(n\\d) \\[id="[^"]*", label="${name}\\\\n`).exec(dot)?.[1] ?? '';
    const [table, uring] = [node('&ctx->buf_table_lock'), node('&ctx->uring_lock')];
    expect(dot).toMatch(
      new RegExp(`${table} -> ${uring} .*class="new", style=bold.*new by iou-wrk-43/45:.*io_import_iovec`),
    );
    expect(dot).toMatch(new RegExp(`${uring} -> ${table} .*class="recorded".*io_sqe_buffers_register`));
    expect(dot).not.toContain('__lock_acquire');
  });

  test('is not for reports without locks', () => expect(lockGraphDot(oops)).toBeUndefined());

  test('quotes what could end a string', async () => {
    const [first] = circular.lockdep?.edges ?? [];
    const name = 'a"]; evil [label="x\\';
    const edges = [{ ...first, from: { name }, to: { name: 'b' } }] as NonNullable<
      KernelReport['lockdep']
    >['edges'];
    const report = { ...circular, lockdep: { ...circular.lockdep, edges } } as KernelReport;
    const svg = (await lockGraphSvg(report)) ?? '';
    expect(svg.match(/class="node"/g)).toHaveLength(2);
    expect(svg).toContain('a&quot;]; evil [label=&quot;x\\');
  });
});

describe('lockGraphSvg', () => {
  test('is one element that goes into a page or a file', async () => {
    const svg = (await lockGraphSvg(circular, 'g1')) ?? '';
    expect(svg).toMatch(/^<svg[^>]*>/);
    expect(svg.trimEnd()).toMatch(/<\/svg>$/);
    expect(svg.match(/class="edge (?:new|recorded)"/g)).toHaveLength(2);
    expect(svg).toContain('id="g1_n0"');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).not.toContain('<!DOCTYPE');
  });

  test('refuses what no kernel prints', async () => {
    const [first] = circular.lockdep?.edges ?? [];
    const edges = Array.from({ length: 5000 }, () => first);
    const report = { ...circular, lockdep: { ...circular.lockdep, edges } } as KernelReport;
    expect(await lockGraphSvg(report)).toBeUndefined();
  });
});
