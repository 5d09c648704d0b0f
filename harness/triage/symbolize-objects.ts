import { availableParallelism } from 'node:os';
import { Addr2line, type SourcePlace } from './addr2line.ts';
import { type DebugBuild, debugObject } from './debug-object.ts';
import { type CodeSymbol, readElf, SymbolTable } from './elf.ts';
import { findSymbols, type ObjectSymbol, objectsBelow, objectsOf } from './object-index.ts';
import type { Resolution, Resolver, SymbolRef } from './symbolize.ts';
import { withinTree } from './symbolize-vmlinux.ts';

export interface ObjectsRequest extends DebugBuild {
  /** The kernel's own image, without line information: what it does not hold is not looked for. */
  readonly vmlinux: string;
  /** The sources that the build compiles, as its commands name them. */
  readonly sourceDir: string;
  /** Objects of the files that the candidate changes. */
  readonly changed?: readonly string[] | undefined;
  readonly onObject?: ((object: string) => void) | undefined;
}

/** Objects that are compiled to find one function, at most. */
const MAX_CANDIDATES = 6;

/** An object with line information, ready to be asked. */
interface Ready {
  readonly table: SymbolTable;
  readonly file: string;
  /** One for each section: addresses of an object begin anew in each. */
  readonly lines: Map<string, Promise<Addr2line>>;
}

/**
 * Finds source places of a kernel that was built without line information: compiles just the objects that
 * a report names again. Whether they are the same code is told by the sizes of their functions.
 */
export class ObjectsResolver implements Resolver, AsyncDisposable {
  readonly #request: ObjectsRequest;
  readonly #image: SymbolTable;
  #all: readonly string[] | undefined;
  readonly #objects = new Map<string, Promise<Ready | { readonly problem: string }>>();
  readonly #defined = new Map<string, readonly ObjectSymbol[]>();

  private constructor(request: ObjectsRequest, image: SymbolTable) {
    this.#request = request;
    this.#image = image;
  }

  /** @throws NotAKernelImageError */
  static async open(request: ObjectsRequest): Promise<ObjectsResolver> {
    return new ObjectsResolver(request, new SymbolTable((await readElf(request.vmlinux)).symbols));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const object of this.#objects.values()) {
      const ready = await object.catch(() => undefined);
      if (ready === undefined || 'problem' in ready) continue;
      for (const lines of ready.lines.values())
        await (await lines.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  }

  /** Compiles what the references need, several objects at once. */
  async prepare(refs: readonly SymbolRef[]): Promise<void> {
    const unknown = new Set(refs.map(({ func }) => func).filter((name) => !this.#defined.has(name)));
    if (unknown.size === 0) return;
    this.#all ??= await objectsBelow(this.#request.buildDir);
    const found = await findSymbols(this.#request.buildDir, this.#all, {
      names: unknown,
      signal: this.#request.signal,
    });
    for (const name of unknown)
      this.#defined.set(
        name,
        found.filter((symbol) => symbol.name === name),
      );
    const queue = [...new Set(refs.flatMap((ref) => this.#candidates(ref)))].filter(
      (object) => !this.#objects.has(object),
    );
    await Promise.all(
      Array.from({ length: availableParallelism() }, async () => {
        for (let object = queue.shift(); object !== undefined; object = queue.shift())
          await this.#ready(object);
      }),
    );
  }

  async resolve(ref: SymbolRef): Promise<Resolution> {
    const doubt = this.#doubt(ref);
    if (doubt !== undefined) return { problem: doubt };
    const candidates = this.#candidates(ref);
    const fitting: { readonly ready: Ready; readonly symbol: CodeSymbol; readonly object: string }[] = [];
    const problems: string[] = [];
    for (const object of candidates) {
      const ready = await this.#ready(object);
      if ('problem' in ready) problems.push(ready.problem);
      else
        for (const symbol of ready.table.named(ref.func))
          if (this.#same(ref, symbol, ready)) fitting.push({ ready, symbol, object });
    }
    const [only] = fitting;
    if (only === undefined) return { problem: problems[0] ?? notFound(ref, candidates) };
    if (fitting.length > 1)
      return {
        problem: `${fitting.length} functions of ${ref.size} bytes are called ${ref.func} (${fitting.map(({ object }) => object).join(', ')}): the log does not tell which.`,
      };
    const places = await this.#lines(only.ready, only.symbol, ref);
    return places.length === 0
      ? { problem: `The compiler gave no line information for ${ref.func} in ${only.object}.` }
      : { places: places.map((place) => ({ ...place, file: this.#pathOf(place.file) })) };
  }

  /** Compiled again, a function must be as long as in the image, to the byte; a label in assembly up to the next one. */
  #same(ref: SymbolRef, symbol: CodeSymbol, ready: Ready): boolean {
    const image = this.#inImage(ref);
    return symbol.size > 0 ? symbol.size === image?.size : ready.table.fits(symbol, ref.size);
  }

  #inImage({ func, size }: SymbolRef): CodeSymbol | undefined {
    return this.#image.named(func).find((one) => this.#image.fits(one, size));
  }

  #pathOf(file: string): string {
    const { sourceDir, buildDir } = this.#request;
    return withinTree(withinTree(file, `${sourceDir}/`), `${buildDir}/`);
  }

  /** Why a reference cannot be meant for the kernel at hand, or not for one function of it. */
  #doubt({ func, size, module }: SymbolRef): string | undefined {
    if (module !== undefined)
      return `${func} is in the module ${module}; only the kernel image is looked into.`;
    const named = this.#image.named(func);
    if (named.length === 0) return `${func} is not in the kernel ${this.#request.vmlinux}.`;
    const fitting = named.filter((symbol) => this.#image.fits(symbol, size));
    if (fitting.length > 1)
      return `${fitting.length} functions of ${size} bytes are called ${func} (${fitting.map(({ file }) => file ?? '?').join(', ')}): the log does not tell which.`;
    if (fitting.length === 1) return undefined;
    const lengths = [...new Set(named.map((one) => this.#image.length(one)))].join(' or ');
    return `${func} is ${size} bytes long in the log and ${lengths} in the kernel at hand: that is another build.`;
  }

  /**
   * Objects that may hold the function. Those of the build may be older than the sources, for the work tree is
   * switched between candidates: sizes count only when several objects have the name.
   */
  #candidates(ref: SymbolRef): string[] {
    const symbol = this.#inImage(ref);
    if (symbol === undefined || ref.module !== undefined) return [];
    const alike = (this.#defined.get(ref.func) ?? []).filter((one) => sameOrigin(symbol, one));
    const equal = alike.filter(({ size }) => size === symbol.size);
    const known = (equal.length > 0 ? equal : alike).map(({ object }) => object);
    if (known.length > 0) return [...new Set(known)];
    // New, or its object is not there: its file is known, or is one of those that the candidate changes.
    const byFile =
      symbol.file === undefined ? [] : objectsOf(symbol.file, this.#all ?? [], this.#request.sourceDir);
    return (byFile.length > 0 ? byFile : [...(this.#request.changed ?? [])]).slice(0, MAX_CANDIDATES);
  }

  #ready(object: string): Promise<Ready | { readonly problem: string }> {
    const known = this.#objects.get(object);
    if (known !== undefined) return known;
    const made = this.#make(object);
    this.#objects.set(object, made);
    return made;
  }

  async #make(object: string): Promise<Ready | { readonly problem: string }> {
    this.#request.onObject?.(object);
    const built = await debugObject(object, this.#request);
    if ('problem' in built) return built;
    const { symbols } = await readElf(built.file);
    return { table: new SymbolTable(symbols), file: built.file, lines: new Map() };
  }

  async #lines(ready: Ready, symbol: CodeSymbol, ref: SymbolRef): Promise<SourcePlace[]> {
    const open = ready.lines.get(symbol.section) ?? Addr2line.open(ready.file, symbol.section);
    ready.lines.set(symbol.section, open);
    return (await open).at(symbol.value + BigInt(ref.offset - (ref.exact || ref.offset === 0 ? 0 : 1)));
  }
}

/** Local symbols keep their file's base name in the image. */
const sameOrigin = (inImage: CodeSymbol, inObject: ObjectSymbol): boolean =>
  inImage.global === inObject.global &&
  (inImage.file === undefined || inObject.file === undefined || inImage.file === inObject.file);

const notFound = ({ func, size }: SymbolRef, candidates: readonly string[]): string =>
  candidates.length === 0
    ? `No object of the build defines ${func}.`
    : `${func} is not ${size} bytes long when ${candidates.join(' or ')} is compiled with line information.`;
