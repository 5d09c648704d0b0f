import { useEffect, useState } from 'preact/hooks';
import type { PageIndex, ReportDetail, TrialDetail } from '../document.ts';

interface Blocks {
  readonly index: PageIndex;
  /** Null of a trial without a verdict. */
  readonly trial: TrialDetail | null;
  readonly report: ReportDetail;
}

/** Opens a block of data: base64 of deflated JSON (assemble.ts). */
export async function openBlock<Kind extends keyof Blocks>(
  kind: Kind,
  number?: number,
): Promise<Blocks[Kind]> {
  const text = document.getElementById(idOf(kind, number))?.textContent ?? '';
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return (await new Response(inflated).json()) as Blocks[Kind];
}

const idOf = (kind: keyof Blocks, number?: number): string =>
  number === undefined ? kind : `${kind}-${number}`;

const opened = new Map<string, unknown>();

/** A block that is opened when it is first asked for; undefined until it is there, and of a number that there is not. */
export function useBlock<Kind extends 'trial' | 'report'>(
  kind: Kind,
  number: number,
): Blocks[Kind] | undefined {
  const [, rerender] = useState(0);
  const id = idOf(kind, number);
  useEffect(() => {
    if (opened.has(id) || number < 0) return;
    void openBlock(kind, number).then((block) => {
      opened.set(id, block);
      rerender((count) => count + 1);
    });
  }, [id]);
  return opened.get(id) as Blocks[Kind] | undefined;
}
