import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { replaceFile } from '../../common/replace-file.ts';
import type { SideResult } from '../side.ts';
import { Dependencies } from '../triage/dependencies.ts';

/** Raised when anything of a side's content changes its form: then an older file counts as none. */
const version = 1;

type Order = SideResult['orders'][number];
interface StoredOrder {
  readonly program: string;
  readonly before: StoredDependencies;
  readonly after: StoredDependencies;
}
interface StoredDependencies {
  readonly after: Readonly<Record<string, readonly string[]>>;
  readonly shared: readonly string[];
}

/** side.json.gz: what base did, for every trial that is compared with it, in this process or another. */
interface SideFile extends Omit<SideResult, 'orders' | 'bootFailure'> {
  readonly version: number;
  /** Hash of the kernel that did it. */
  readonly kernel: string;
  readonly orders: readonly StoredOrder[];
}

/** Keeps what base did. Once it is there, it is whole. */
export function writeSide(directory: string, kernel: string, side: Omit<SideResult, 'bootFailure'>): void {
  const content: SideFile = { ...side, version, kernel, orders: side.orders.map(stored) };
  replaceFile(path.join(directory, 'side.json.gz'), gzipSync(JSON.stringify(content)));
}

/** What base did; undefined when nobody kept it, or it was another kernel. */
export function readSide(directory: string, kernel: string): SideResult | undefined {
  const file = path.join(directory, 'side.json.gz');
  if (!existsSync(file)) return undefined;
  const content = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as SideFile;
  const { version: written, kernel: of, orders, ...side } = content;
  return written === version && of === kernel ? { ...side, orders: orders.map(restored) } : undefined;
}

const stored = ({ program, before, after }: Order): StoredOrder => ({
  program,
  before: storedDependencies(before),
  after: storedDependencies(after),
});

const storedDependencies = ({ after, shared }: Dependencies): StoredDependencies => ({
  after: Object.fromEntries([...after].map(([from, to]) => [from, [...to]])),
  shared: [...shared],
});

const restored = ({ program, before, after }: StoredOrder): Order => ({
  program,
  before: restoredDependencies(before),
  after: restoredDependencies(after),
});

const restoredDependencies = ({ after, shared }: StoredDependencies): Dependencies =>
  new Dependencies(
    new Map(Object.entries(after).map(([from, to]): [string, Set<string>] => [from, new Set(to)])),
    new Set(shared),
  );
