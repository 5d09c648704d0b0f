import { type BodyLine, deepestQuote, type Loss } from './lines.ts';

/** What one quoting depth of a message looks like from inside. */
export type Item =
  /** A line of this depth, without its marks. `line` is its index in the message. */
  | {
      readonly kind: 'line';
      readonly text: string;
      readonly soft: boolean;
      readonly loss: Loss;
      readonly line: number;
    }
  /** Lines of a lesser depth: somebody's comments on this text. */
  | { readonly kind: 'gap' }
  /** Lines of a greater depth, or the end of the text. */
  | { readonly kind: 'wall' };

/** A comment in the middle of a quoted diff may be long; text that goes on after this is another matter. */
const longestComment = 400;

const wall: Item = { kind: 'wall' };

/** The message as it is seen at one depth; always ends with a wall. */
export function viewAt(lines: readonly BodyLine[], depth: number): Item[] {
  const items: Item[] = [];
  let gap = 0;
  for (const [index, line] of lines.entries()) {
    if (line.depth === depth) {
      if (gap > 0) items.push(gap > longestComment ? wall : { kind: 'gap' });
      gap = 0;
      const text = depth === 0 ? line.full : line.inner;
      items.push({ kind: 'line', text, soft: line.soft, loss: line.loss, line: index });
    } else if (line.depth < depth) {
      gap += 1;
    } else {
      gap = 0;
      if (items.at(-1)?.kind !== 'wall') items.push(wall);
    }
  }
  items.push(wall);
  return items;
}

/** The depths at which a diff may begin. */
export function depthsWithDiffs(lines: readonly BodyLine[]): number[] {
  const depths = new Set<number>();
  for (const { depth, inner } of lines) {
    if (depth <= deepestQuote && /^[ \t]{0,8}(?:diff --git |--- )/.test(inner)) depths.add(depth);
  }
  return [...depths].toSorted((a, b) => a - b);
}
