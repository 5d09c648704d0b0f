import { printable } from '../../vm/qemu/boot-error.ts';

/**
 * Marks that turn the direction of text or hide in it (Unicode Technical Report 36, "bidirectional text
 * spoofing"): a log could show other words than it holds.
 */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Text of a log made safe to show: no escape sequence, no control character but line feed and tab, no hidden marks. */
export const safe = (text: string): string => printable(text).replaceAll(INVISIBLE, '\u{fffd}');

/** The same for text that shall stay on its line. */
export const safeLine = (text: string): string => safe(text).replaceAll(/[\n\t]+/g, ' ');
