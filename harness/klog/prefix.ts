import type { Line } from './types.ts';

/**
 * Prefixes that stand before a kernel message, by who puts them there. Each is anchored and linear:
 * no two neighbouring parts can match the same characters.
 */
const PREFIXES: readonly RegExp[] = [
  // printk_prefix: `<4>` (syslog level, `<12>` with a facility), kernel/printk/printk.c
  /^<(?<level>\d{1,3})>/,
  // print_time and print_caller: `[   12.345678]`, `[   12.345678][ T12] `, `[   12.345678] [ T12] `;
  // `[    C0]`; a few vendors print the time of a day after a `]` with the CPU.
  /^\[ {0,8}(?<time>\d{1,8}\.\d{1,9})\] ?(?:\[ {0,6}(?<caller>[TC]\d{1,8})\])? ?/,
  /^\[ {0,6}(?<caller>[TC]\d{1,8})\] ?/,
  // dmesg -T: `[Mon Nov 23 05:00:25 2026] `, optionally with the caller
  /^\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}\] ?(?:\[ {0,6}(?<caller>[TC]\d{1,8})\])? ?/,
  // dmesg -x: `kern  :warn  : `
  /^(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local\d) {0,6}: ?(?<levelName>emerg|alert|crit|err|warn|notice|info|debug) {0,6}: ?/,
  // /dev/kmsg (Documentation/ABI/testing/dev-kmsg): `4,1234,5678901,-,caller=T12;`
  /^(?<level>\d{1,3}),\d{1,20},(?<usec>\d{1,20}),[-c+](?:,caller=(?<caller>[TC]\d{1,8}))?(?:,[^;]{0,200})?;/,
  // RFC 3164 syslog and journalctl's default: `Nov 23 05:00:25 host kernel: ` (`kernel[0]: ` too)
  /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})? (?:\S{1,80} )?(?:[a-z0-9]{1,8}\.[a-z]{1,8} )?kernel(?:\[\d{1,8}\])?: ?/,
  // RFC 3339 (rsyslog, journalctl -o short-iso): `2026-11-23T05:00:25+00:00 host kernel: `
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)? (?:(?:\S{1,80} )?kernel(?:\[\d{1,8}\])?: ?)?/,
  // `2026/11/23 05:00:25 `: the log package of Go, which many test drivers use
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? /,
  // journalctl -o short-monotonic leaves `host kernel: ` after the time
  /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,62} )?kernel: /,
];

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

/** dmesg --color, loaders and terminals put CSI sequences round parts of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLOUR = /\x1b\[[0-9;]{0,16}[A-Za-z]/g;

interface Peeled {
  body: string;
  time?: number;
  caller?: string;
  level?: number;
}

function note(found: Peeled, groups: Record<string, string | undefined>): void {
  if (groups['time'] !== undefined) found.time = Number(groups['time']);
  if (groups['usec'] !== undefined) found.time = Number(groups['usec']) / 1e6;
  if (groups['caller'] !== undefined) found.caller = groups['caller'];
  if (groups['level'] !== undefined) found.level = Number(groups['level']) & 7;
  if (groups['levelName'] !== undefined) found.level = LEVELS.indexOf(groups['levelName']);
}

/** Takes every prefix off a line, outermost first. */
export function peel(raw: string): Peeled {
  const found: Peeled = { body: raw.includes('\x1b') ? raw.replace(COLOUR, '') : raw };
  for (let again = true, rounds = 0; again && rounds < 6; rounds++) {
    again = false;
    for (const re of PREFIXES) {
      const m = re.exec(found.body);
      if (m === null) continue;
      note(found, m.groups ?? {});
      found.body = found.body.slice(m[0].length);
      again = true;
      break;
    }
  }
  return found;
}

/** Makes a Line of one physical line (without its `\n`; a `\r` before it is dropped). */
export function parseLine(text: string, start: number, end: number): Line {
  const raw = text.endsWith('\r') ? text.replace(/\r{1,4}$/, '') : text;
  return { start, end, raw, ...peel(raw) };
}
