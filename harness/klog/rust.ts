/**
 * Names of Rust functions: the `v0` mangling (https://doc.rust-lang.org/rustc/symbol-mangling/v0.html), which
 * is what kernels with CONFIG_RUST print in traces. Hashes of crates and lifetimes are left out, as in `{:#}`.
 */
const BASIC: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

/** Mangled names are short; what is deeper than this is no name. */
const MAX_DEPTH = 64;

class Malformed extends Error {}

class Reader {
  readonly #text: string;
  #at: number;
  #depth: number;

  constructor(text: string, at = 0, depth = 0) {
    this.#text = text;
    this.#at = at;
    this.#depth = depth;
  }

  #next(): string {
    const c = this.#text[this.#at++];
    if (c === undefined) throw new Malformed();
    return c;
  }

  #eat(c: string): boolean {
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }

  /** `_` is 0, `0_` is 1, `Z_` is 62. */
  #base62(): number {
    const m = /^([0-9a-zA-Z]{0,12})_/.exec(this.#text.slice(this.#at, this.#at + 13));
    if (m === null) throw new Malformed();
    this.#at += m[0].length;
    const digits = m[1] ?? '';
    if (digits === '') return 0;
    const value = (c: string): number =>
      c <= '9' ? Number(c) : c >= 'a' ? c.charCodeAt(0) - 87 : c.charCodeAt(0) - 29;
    return digits.split('').reduce((n, c) => n * 62 + value(c), 0) + 1;
  }

  #disambiguator(): number {
    return this.#eat('s') ? this.#base62() + 1 : 0;
  }

  #ident(): { readonly name: string; readonly index: number } {
    const index = this.#disambiguator();
    this.#eat('u');
    const m = /^\d{1,5}/.exec(this.#text.slice(this.#at, this.#at + 5));
    if (m === null) throw new Malformed();
    this.#at += m[0].length;
    this.#eat('_');
    const name = this.#text.slice(this.#at, this.#at + Number(m[0]));
    if (name.length < Number(m[0])) throw new Malformed();
    this.#at += name.length;
    return { name, index };
  }

  #deeper(): void {
    if (++this.#depth > MAX_DEPTH) throw new Malformed();
  }

  /** A back reference counts from behind `_R`. */
  #backref<T>(read: (there: Reader) => T): T {
    const at = this.#base62();
    if (at >= this.#at) throw new Malformed();
    return read(new Reader(this.#text, at, this.#depth));
  }

  #list(read: () => string): string {
    const items: string[] = [];
    while (!this.#eat('E')) items.push(read());
    return items.filter(Boolean).join(', ');
  }

  path(): string {
    this.#deeper();
    const tag = this.#next();
    if (tag === 'C') return this.#ident().name;
    if (tag === 'B') return this.#backref((there) => there.path());
    if (tag === 'I') return `${this.path()}<${this.#list(() => this.#generic())}>`;
    if (tag === 'N') return this.#nested();
    if (tag !== 'M' && tag !== 'X' && tag !== 'Y') throw new Malformed();
    if (tag !== 'Y') {
      this.#disambiguator();
      this.path();
    }
    const type = this.type();
    return tag === 'M' ? `<${type}>` : `<${type} as ${this.path()}>`;
  }

  #nested(): string {
    const space = this.#next();
    const parent = this.path();
    const { name, index } = this.#ident();
    if (/[a-z]/.test(space)) return name === '' ? parent : `${parent}::${name}`;
    const what = space === 'C' ? 'closure' : space === 'S' ? 'shim' : space;
    return `${parent}::{${what}${name === '' ? '' : `:${name}`}#${index}}`;
  }

  #generic(): string {
    if (this.#eat('L')) {
      this.#base62();
      return '';
    }
    return this.#eat('K') ? this.#constant() : this.type();
  }

  #constant(): string {
    if (this.#eat('p')) return '_';
    if (this.#eat('B')) return this.#backref((there) => there.#constant());
    this.type();
    const m = /^(n?)([0-9a-f]{0,32})_/.exec(this.#text.slice(this.#at, this.#at + 40));
    if (m === null) throw new Malformed();
    this.#at += m[0].length;
    return `${m[1] === 'n' ? '-' : ''}0x${m[2]}`;
  }

  type(): string {
    this.#deeper();
    const tag = this.#next();
    const basic = BASIC[tag];
    if (basic !== undefined) return basic;
    if (tag === 'A') return `[${this.type()}; ${this.#constant()}]`;
    if (tag === 'S') return `[${this.type()}]`;
    if (tag === 'T') return `(${this.#list(() => this.type())})`;
    if (tag === 'P') return `*const ${this.type()}`;
    if (tag === 'O') return `*mut ${this.type()}`;
    if (tag === 'B') return this.#backref((there) => there.type());
    if (tag === 'R' || tag === 'Q') {
      if (this.#eat('L')) this.#base62();
      return `&${tag === 'Q' ? 'mut ' : ''}${this.type()}`;
    }
    // Signatures of functions and trait objects are rare in names of kernel functions.
    if (tag === 'F' || tag === 'D') throw new Malformed();
    this.#at--;
    return this.path();
  }
}

/** The Rust name of a symbol, or the symbol itself when it is none (or none that this reader knows). */
export function demangle(symbol: string): string {
  if (!symbol.startsWith('_R')) return symbol;
  try {
    return new Reader(symbol.slice(2)).path();
  } catch (error) {
    if (error instanceof Malformed) return symbol;
    throw error;
  }
}
