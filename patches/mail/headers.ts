/** The header block of a message (RFC 5322, section 2.2), unfolded, and where the body begins. */
export interface HeaderBlock {
  /** Values by lower-case name, in the order in which they stand. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Offset of the body's first character. */
  readonly bodyAt: number;
}

const fieldName = /^[A-Za-z][A-Za-z0-9-]*:/;

/** What no header block of a real mail reaches; text without an empty line is not searched any further. */
const longestHeader = 256 * 1024;

/**
 * Reads the header block, or undefined when the text does not begin with one: every line up to the
 * first empty one must be a field or the continuation of one. An mbox separator may stand before it.
 */
export function parseHeaders(text: string): HeaderBlock | undefined {
  const fields = new Map<string, string[]>();
  let at = text.startsWith('From ') ? afterLine(text, 0) : 0;
  let last: string[] | undefined;
  while (at < Math.min(text.length, longestHeader)) {
    const next = afterLine(text, at);
    const line = text.slice(at, next).replace(/\r?\n$/, '');
    at = next;
    if (line === '') return last && { fields, bodyAt: at };
    if (/^[ \t]/.test(line)) {
      if (last === undefined) return undefined;
      last.push(`${last.pop() ?? ''} ${line.trim()}`);
      continue;
    }
    if (!fieldName.test(line)) return undefined;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    last = fields.get(name) ?? [];
    last.push(line.slice(colon + 1).trim());
    fields.set(name, last);
  }
  return last && at >= text.length ? { fields, bodyAt: text.length } : undefined;
}

function afterLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

/** A field's value without its parameters, in lower case, and its parameters (RFC 2045, section 5.1). */
export interface Parametrised {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export function parseParameters(field: string): Parametrised {
  const parameters = new Map<string, string>();
  const [value = ''] = field.split(';', 1);
  for (const match of field
    .slice(value.length)
    .matchAll(/;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/g)) {
    const [, name = '', quoted, plain = ''] = match;
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  }
  return { value: value.trim().toLowerCase(), parameters };
}
