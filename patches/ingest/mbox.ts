import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { maxPatchBytes } from '../safety.ts';

/** One message in a file, not read yet. */
export interface MailRef {
  /** For people: `thread.mbox, mail 3`. */
  readonly where: string;
  readonly file: string;
  /** Bytes from the file's beginning. */
  readonly start: number;
  readonly end: number;
}

/** Mail larger than this is left alone: no patch that a person could read is in it. */
export const largestMail = maxPatchBytes;

/** Reads a message: bytes as characters (latin1), so that a patch stays byte for byte what it is. */
export async function loadMail(ref: MailRef): Promise<string> {
  const file = await open(ref.file);
  try {
    const { buffer } = await file.read(Buffer.alloc(ref.end - ref.start), 0, ref.end - ref.start, ref.start);
    return buffer.toString('latin1');
  } finally {
    await file.close();
  }
}

/** The separator as every mbox variant has it: `From ADDRESS DATE`, a time in the date and the year at its end (mbox(5)). */
const separator = /^From \S+.* \d\d:\d\d\b.* \d{4}(?: [+-]\d{4})?\s*$/;

/** Longer lines are looked at only as far as this; a separator is shorter. */
const longestLine = 4096;

/**
 * Finds the messages of an mbox without holding more than one block of it: a header field follows a
 * separator. Not every program puts an empty line before one.
 */
export async function* messagesIn(file: string, name: string): AsyncGenerator<MailRef> {
  let start = 0;
  let count = 0;
  let candidate: { at: number; end: number } | undefined;
  // The empty line before a separator belongs to it, and so does one at the very end.
  let blank: number | undefined;
  let end = 0;
  for await (const { at, next, text } of linesOf(file)) {
    end = next;
    if (candidate !== undefined) {
      if (/^(?:[A-Za-z][A-Za-z0-9-]*:|>From )/.test(text)) {
        if (candidate.end > start)
          yield { where: `${name}, mail ${(count += 1)}`, file, start, end: candidate.end };
        start = candidate.at;
      }
      candidate = undefined;
    }
    if (text.startsWith('From ') && separator.test(text)) candidate = { at, end: blank ?? at };
    blank = text.trim() === '' ? at : undefined;
  }
  end = blank ?? end;
  if (end > start) yield { where: count === 0 ? name : `${name}, mail ${count + 1}`, file, start, end };
}

interface Line {
  readonly at: number;
  readonly next: number;
  /** Without its line break; cut off when it is very long. */
  readonly text: string;
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  let at = 0;
  let offset = 0;
  let head = '';
  for await (const block of createReadStream(file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let feed = block.indexOf(10); feed !== -1; feed = block.indexOf(10, from)) {
      const text = head + block.toString('latin1', from, Math.min(feed, from + longestLine));
      yield { at, next: offset + feed + 1, text };
      at = offset + feed + 1;
      from = feed + 1;
      head = '';
    }
    if (head.length < longestLine)
      head += block.toString('latin1', from, Math.min(block.length, from + longestLine));
    offset += block.length;
  }
  if (offset > at) yield { at, next: offset, text: head };
}
