import { explain, type KernelReport } from '../klog/index.ts';
import type { Cause } from './attribute.ts';
import type { Counts, Place } from './collection.ts';

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `2 bugs, 1 warning`; mere notices are named when there are any. */
export function countWords({ bug, warning, info }: Counts): string {
  if (bug + warning + info === 0) return 'no kernel report';
  const parts = [
    bug > 0 ? plural(bug, 'bug') : '',
    warning > 0 ? plural(warning, 'warning') : '',
    info > 0 ? plural(info, 'notice') : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** `FILE:12`, as compilers and editors write places; the byte offset when the line is unknown. */
export const placeWords = (place: Place | undefined): string =>
  place === undefined
    ? ''
    : place.line === undefined
      ? `${place.file}, byte ${place.start}`
      : `${place.file}:${place.line}`;

/** Bytes for people. */
export function sizeWords(bytes: number): string {
  if (bytes < 1000) return plural(bytes, 'byte');
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** Text in lines of at most `width` characters, broken between words; a word that is longer stays whole. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The explanation without a first sentence that is the title once more. */
export const sentences = (report: KernelReport): string[] =>
  explain(report).filter((sentence, index) => index > 0 || sentence !== `${report.title}.`);

export const causeWords = (cause: Cause): string =>
  cause === 'introduced' || cause === 'exposed' ? `${cause} by the patch` : cause;
