import type { Line } from './types.ts';

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const CALLER = '(?:\\[ {0,6}(?<caller>[TC]\\d{1,8})\\])';

/**
 * Prefixes that stand before a kernel message, by who puts them there, under the characters that they
 * may begin with. Each is anchored and linear: no two neighbouring parts can match the same characters.
 */
const BY_START: readonly (readonly [RegExp, readonly RegExp[]])[] = [
  // printk_prefix: `<4>` (a syslog priority: `<12>` has a facility in it), kernel/printk/printk.c
  [/</, [/^<(?<level>\d{1,3})>/]],
  [
    /\[/,
    [
      new RegExp(`^${CALLER} ?`),
      // test labs: `[2026-11-23T05:00:25.123Z] `
      /^\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\] ?/,
      // dmesg -T: `[Mon Nov 23 05:00:25 2026] `
      new RegExp(
        `^\\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} {1,2}\\d{1,2} \\d\\d:\\d\\d:\\d\\d \\d{4}\\](?: ?${CALLER})? ?`,
      ),
    ],
  ],
  // a report quoted in a mail
  [/>/, [/^(?:> ){1,8}/]],
  [
    /\d/,
    [
      // /dev/kmsg (Documentation/ABI/testing/dev-kmsg): `4,1234,5678901,-,caller=T12;`
      /^(?<level>\d{1,3}),\d{1,20},(?<usec>\d{1,20}),[-c+](?:,caller=(?<caller>[TC]\d{1,8}))?(?:,[^;]{0,200})?;/,
      // RFC 3339 (rsyslog, journalctl -o short-iso): `2026-11-23T05:00:25+00:00 host kernel: `
      /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)? (?:(?:\S{1,80} )?kernel(?:\[\d{1,8}\])?: ?)?/,
      // the log package of Go, which many test drivers use: `2026/11/23 05:00:25 `
      /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? /,
    ],
  ],
  [
    /[A-Za-z]/,
    [
      // RFC 3164 and journalctl's default: `Nov 23 05:00:25 host kernel: `
      new RegExp(
        `^${MONTH} {1,2}\\d{1,2} \\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})? (?:\\S{1,80} )?(?:[a-z0-9]{1,8}\\.[a-z]{1,8} )?kernel(?:\\[\\d{1,8}\\])?: ?`,
      ),
      // dmesg -x: `kern  :warn  : `
      /^(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local\d) {0,6}: ?(?<levelName>emerg|alert|crit|err|warn|notice|info|debug) {0,6}: ?/,
      // journalctl -o short-monotonic leaves `host kernel: ` after the time
      /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,62} )?kernel: /,
    ],
  ],
];

const BY_CODE: readonly (readonly RegExp[] | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => BY_START.find(([start]) => start.test(String.fromCharCode(code)))?.[1],
);

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

/** dmesg --color, loaders and terminals put CSI sequences round parts of a line. */
const COLOUR = /\x1b\[[0-9;?]{0,16}[A-Za-z]/g;

/** A time stamp inside a line: what stands before it is the end of something that did not end its line. */
const INNER = /\[ {0,8}\d{1,8}\.\d{6}\](?: ?\[ {0,6}[TC]\d{1,8}\])? /g;

interface Peeled {
  body: string;
  time: number | undefined;
  caller: string | undefined;
  level: number | undefined;
}

function note(found: Peeled, groups: Record<string, string | undefined>): void {
  const { time, usec, caller, level, levelName } = groups;
  if (time !== undefined) found.time = Number(time);
  if (usec !== undefined) found.time = Number(usec) / 1e6;
  if (caller !== undefined) found.caller = caller;
  if (level !== undefined) found.level = Number(level) & 7;
  if (levelName !== undefined) found.level = LEVELS.indexOf(levelName);
}

const [RETURN, SPACE, DOT, ZERO, NINE, OPEN, CLOSE] = [0x0d, 0x20, 0x2e, 0x30, 0x39, 0x5b, 0x5d];

/** How many digits stand at `at`. */
function digits(text: string, at: number): number {
  let end = at;
  for (let c = text.charCodeAt(end); c >= ZERO && c <= NINE; c = text.charCodeAt(end)) end++;
  return end - at;
}

/** Skips up to `most` blanks. */
function blanks(text: string, at: number, most: number): number {
  let end = at;
  while (end - at < most && text.charCodeAt(end) === SPACE) end++;
  return end;
}

/**
 * print_time, print_caller: `[   12.345678] `, `[   12.345678][   T12] `, `[   12.345678] [   C0] `. By far the most
 * lines begin so: read by hand, for a regular expression would cost as much as all else that is done to such a line.
 */
function peelStamp(found: Peeled): boolean {
  const text = found.body;
  const from = blanks(text, 1, 8);
  const whole = digits(text, from);
  const dot = from + whole;
  if (whole < 1 || whole > 8 || text.charCodeAt(dot) !== DOT) return false;
  const part = digits(text, dot + 1);
  const close = dot + 1 + part;
  if (part < 1 || part > 9 || text.charCodeAt(close) !== CLOSE) return false;
  found.time = Number(text.slice(from, close));
  let end = close + 1;
  const open = text.charCodeAt(end) === SPACE ? end + 1 : end;
  if (text.charCodeAt(open) === OPEN) {
    const id = blanks(text, open + 1, 6);
    const kind = text[id];
    const length = digits(text, id + 1);
    const last = id + 1 + length;
    if ((kind === 'T' || kind === 'C') && length >= 1 && length <= 8 && text.charCodeAt(last) === CLOSE) {
      found.caller = text.slice(id, last);
      end = last + 1;
    }
  }
  found.body = text.slice(text.charCodeAt(end) === SPACE ? end + 1 : end);
  return true;
}

function peelOne(found: Peeled): boolean {
  const first = found.body.charCodeAt(0);
  if (first === OPEN && peelStamp(found)) return true;
  for (const re of BY_CODE[first] ?? []) {
    const m = re.exec(found.body);
    if (m === null) continue;
    if (m.groups !== undefined) note(found, m.groups);
    found.body = found.body.slice(m[0].length);
    return true;
  }
  return false;
}

/** Takes every prefix off a line, outermost first. */
export function peel(raw: string): Peeled {
  const found: Peeled = { body: raw, time: undefined, caller: undefined, level: undefined };
  // Six prefixes on top of each other are more than any logger writes.
  for (let rounds = 0; rounds < 6 && peelOne(found); rounds++);
  return found;
}

/** Offsets in `text` at which a second message begins, because something did not end its line. */
function seams(text: string): number[] {
  const at: number[] = [];
  for (const m of text.matchAll(INNER)) if (m.index > 0) at.push(m.index);
  return at;
}

/** Serial consoles end lines with `\r\n`; some drivers add a `\r` more. */
function withoutReturns(text: string): string {
  let end = text.length;
  while (end > 0 && text.length - end < 8 && text.charCodeAt(end - 1) === RETURN) end--;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * Makes Lines of one physical line (without its `\n`; a `\r` before it is dropped). Usually one; more when
 * messages ran into each other, or when a logger wrote a line end as `\x0a` (/dev/kmsg) or `#012` (rsyslog).
 * All have the offsets and the `raw` text of the physical line.
 */
export function parseLine(text: string, start: number, end: number): Line[] {
  const raw = withoutReturns(text);
  const plain = raw.includes('\x1b') ? raw.replace(COLOUR, '') : raw;
  const head = peel(plain);
  const cuts = head.body.includes(']') ? seams(head.body) : [];
  if (cuts.length === 0) return escaped(lineOf(raw, start, end, head));
  const pieces = [0, ...cuts].map((at, i) => head.body.slice(at, cuts[i] ?? head.body.length));
  // Without a prefix of its own the first piece is a prompt or a torn word before the kernel's message.
  const prefixed = head.body.length < plain.length;
  const first = prefixed ? [lineOf(raw, start, end, { ...head, body: pieces[0] ?? '' })] : [];
  return [...first, ...pieces.slice(1).map((piece) => lineOf(raw, start, end, peel(piece)))];
}

/** More of a message is not looked at: printk cuts at about 1 KiB, a list of modules may be longer. */
const MAX_BODY = 8192;

/** Always the same fields in the same order, which the engine's object shapes thank for. */
const lineOf = (raw: string, start: number, end: number, head: Peeled): Line => ({
  start,
  end,
  raw,
  body: head.body.length > MAX_BODY ? head.body.slice(0, MAX_BODY) : head.body,
  time: head.time,
  caller: head.caller,
  level: head.level,
});

/** Splits a message at line ends that a logger escaped. */
function escaped(line: Line): Line[] {
  const { body } = line;
  // One character is found many times faster than several: V8 leaves that to memchr().
  const mark =
    body.includes('\\') && body.includes('\\x0a')
      ? '\\x0a'
      : body.includes('#') && body.includes('#012')
        ? '#012'
        : undefined;
  return mark === undefined ? [line] : body.split(mark).map((piece) => ({ ...line, body: piece }));
}
