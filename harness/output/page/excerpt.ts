import { open } from 'node:fs/promises';
import path from 'node:path';
import { peel } from '../../klog/prefix.ts';
import { fold, type Part } from '../../triage/fold.ts';
import type { ReportComparison } from '../../verdict.ts';
import type { Excerpt, FileText, Landmark } from './document.ts';
import { visible } from './visible.ts';

/** Bytes of a console shown before and after a report, and at most of the report itself. */
const bytesBefore = 4_000;
const bytesAfter = 2_000;
const bytesOfReport = 64_000;

/** The console round a report, with the report folded in. What cannot be read any more is said. */
export async function excerptOf(
  directory: string,
  { console, start, end, text }: Pick<ReportComparison, 'console' | 'start' | 'end' | 'text'>,
): Promise<Excerpt> {
  const shown = firstLines(text, bytesOfReport);
  const parts = fold(shown);
  const around = await surroundings(path.join(directory, console), { start, end });
  return {
    console: visible(console),
    before: around.before.map(visible),
    report: parts.map(visiblePart),
    after: around.after.map(visible),
    landmarks: landmarks(parts),
    left: Buffer.byteLength(text) - Buffer.byteLength(shown),
    ...(around.missing === undefined ? {} : { missing: around.missing }),
  };
}

const visiblePart = (part: Part): Part =>
  part.type === 'line'
    ? { type: 'line', text: visible(part.text) }
    : { ...part, lines: part.lines.map(visible) };

/** As many whole lines from the beginning as fit. */
function firstLines(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.lastIndexOf('\n', limit);
  return text.slice(0, cut < 0 ? limit : cut);
}

interface Surroundings {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly missing?: string;
}

async function surroundings(
  file: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Surroundings> {
  try {
    await using console = await open(file);
    const from = Math.max(0, start - bytesBefore);
    const before = await bytesAt(console, from, start - from);
    const after = await bytesAt(console, end, bytesAfter);
    // The first and the last line are halves, unless the console begins there.
    return {
      before: lines(before).slice(from > 0 ? 1 : 0),
      after: lines(after).slice(0, after.length === bytesAfter ? -1 : undefined),
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { before: [], after: [], missing: `The console ${path.basename(file)} cannot be read (${code}).` };
  }
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

async function bytesAt(
  file: { read: (buffer: Buffer, options: { position: number }) => Promise<{ bytesRead: number }> },
  position: number,
  length: number,
): Promise<string> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = length === 0 ? { bytesRead: 0 } : await file.read(buffer, { position });
  return buffer.toString('utf8', 0, bytesRead);
}

/** Lines of reports that one looks for: stacks, what is held, the scenario (kernel/locking/lockdep.c, mm/kasan/report.c, kernel/hung_task.c). */
const LANDMARK =
  /^\s*(?:-> #\d+ \(|Call Trace|stack backtrace|Possible unsafe locking scenario|Possible interrupt unsafe|\d+ locks? held by|no locks held|(?:Allocated|Freed) by task|Last potentially|Showing all locks held|the existing dependency chain|.{1,200} is trying to acquire lock|but task is already holding|RIP: |INFO: task|Memory state around|other info that might|irq event stamp)/;

const mostLandmarks = 24;

const landmarks = (parts: readonly Part[]): Landmark[] =>
  parts
    .flatMap((part, line) => {
      const bodies = (part.type === 'line' ? [part.text] : part.lines).map((raw) => peel(raw).body);
      const telling = bodies.find((body) => LANDMARK.test(body));
      return telling === undefined ? [] : [{ line, label: visible(telling.trim()).slice(0, 60) }];
    })
    .slice(0, mostLandmarks);

/** The beginning of a file. */
export async function beginningOf(file: string, limit: number): Promise<FileText> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const text = await bytesAt(handle, 0, Math.min(size, limit));
  return { name: visible(path.basename(file)), text: visible(text), left: Math.max(0, size - limit) };
}
