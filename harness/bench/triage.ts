import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { scanLog } from '../triage/scan.ts';
import { fileSource } from '../triage/source.ts';
import { corpusFigures } from './corpus.ts';
import { atMost, type Figure, median, timed } from './measure.ts';

export interface TriageBenchOptions {
  /** A directory with `headers.tsv` and `syzkaller/`: golden files from outside, which are only read. */
  readonly corpus?: string | undefined;
  readonly onProgress: (what: string) => void;
  readonly signal?: AbortSignal | undefined;
}

const CLEAN_BYTES = 200e6;
const CRASH_BYTES = 50e6;
const ROUNDS = 3;

/** How fast logs are read, whether memory stays flat, and with a corpus how right the reader is. */
export async function benchTriage(options: TriageBenchOptions): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ringtrial-bench-'));
  try {
    const clean = path.join(directory, 'clean.log');
    const crash = path.join(directory, 'crash.log');
    options.onProgress('writing logs to read');
    await fill(clean, CLEAN_BYTES, cleanText);
    const consoles = await goldenConsoles();
    await fill(crash, CRASH_BYTES, (round) => crashText(consoles, round));
    const figures = [
      // First, while this process has not yet grown for any other reason.
      await growth([clean, crash], options),
      await throughput('a clean log of 200 MB', clean, { ...options, least: 150 }),
      await throughput('crash-heavy text of 50 MB', crash, { ...options, least: 10 }),
    ];
    return options.corpus === undefined
      ? figures
      : [...figures, ...(await corpusFigures(options.corpus, options.onProgress))];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fill(file: string, bytes: number, text: (round: number) => string): Promise<void> {
  await using handle = await open(file, 'w');
  for (let written = 0, round = 0; written < bytes; round++) {
    const block = Buffer.from(text(round), 'latin1');
    await handle.write(block);
    written += block.length;
  }
}

/** What a kernel says when all is well: numbers, addresses and names of about the usual lengths. */
function cleanText(round: number): string {
  const lines: string[] = [];
  for (let i = 0; i < 10_000; i++) {
    const n = round * 10_000 + i;
    const address = (0x1000_0000 + n * 4096).toString(16).padStart(16, '0');
    const said = [
      `BIOS-e820: [mem 0x${address}-0x${address}] usable`,
      `pci 0000:00:${(n % 32).toString(16).padStart(2, '0')}.0: BAR 0: assigned [mem 0x${address}]`,
      `virtio_net virtio${n % 9} eth${n % 4}: link up, 10000 Mb/s`,
      `audit: type=1400 audit(${n}.123:${n}): apparmor="STATUS" operation="profile_load" pid=${n % 30000}`,
      `EXT4-fs (vda${n % 9}): mounted filesystem with ordered data mode. Quota mode: none.`,
      `systemd[1]: Started unit-${n}.service - a service that was started.`,
      `usb 1-${n % 8}: new high-speed USB device number ${n % 127} using xhci_hcd`,
      `Freeing unused kernel image (initmem) memory: ${n % 5000}K`,
    ][n % 8];
    lines.push(`[${(n / 1000).toFixed(6).padStart(12)}][${`T${n % 3000}`.padStart(6)}] ${said}\n`);
  }
  return lines.join('');
}

/** Consoles of kernels that were made to report, kept with the tests. */
async function goldenConsoles(): Promise<string[]> {
  const found: string[] = [];
  for (const part of ['../klog/goldens/', '../triage/goldens/']) {
    const directory = fileURLToPath(new URL(part, import.meta.url));
    for (const name of (await readdir(directory, { recursive: true })).toSorted())
      if (/\.(?:log|txt)$/.test(name)) found.push(await readFile(path.join(directory, name), 'latin1'));
  }
  return found;
}

/** All consoles one after the other, later in every round: a report with an old time stamp would be a mere replay. */
function crashText(consoles: readonly string[], round: number): string {
  return consoles
    .join('')
    .replaceAll(
      /^\[ *(\d+)(\.\d{6}\])/gm,
      (_, seconds: string, rest: string) => `[${String(Number(seconds) + 1000 * round).padStart(5)}${rest}`,
    );
}

async function throughput(
  what: string,
  file: string,
  { least, onProgress, signal }: TriageBenchOptions & { readonly least: number },
): Promise<Figure> {
  const [rates, perCpu]: [number[], number[]] = [[], []];
  let reports = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    onProgress(`reading ${what}, ${round} of ${ROUNDS}`);
    reports = 0;
    const before = process.cpuUsage();
    const { milliseconds, value } = await timed(async () =>
      scanLog(await fileSource(file), { signal, onReport: () => void reports++ }),
    );
    const { user, system } = process.cpuUsage(before);
    rates.push(value.bytes / 1e6 / (milliseconds / 1000));
    perCpu.push(value.bytes / (user + system));
  }
  const value = Math.round(median(rates) * 10) / 10;
  return {
    name: `reading ${what}`,
    value,
    unit: 'MB/s',
    aim: `>= ${least} MB/s`,
    reached: value >= least,
    note: `median of ${ROUNDS}, ${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)}; ${median(perCpu).toFixed(0)} MB in a second of CPU time; ${reports} reports`,
  };
}

/** Bytes of a log to read before memory counts: until then code is compiled and the heap finds its size. */
const WARM_UP = 20e6;

/** How much the process grows while it reads on, once it has read enough of a log to have its usual size for it. */
async function growth(files: readonly string[], { onProgress, signal }: TriageBenchOptions): Promise<Figure> {
  onProgress('watching memory');
  const sizes: { settled: number; most: number }[] = [];
  for (const file of files) {
    const source = await fileSource(file);
    const size = { settled: 0, most: 0 };
    sizes.push(size);
    let read = 0;
    const watched = {
      name: file,
      async *pieces() {
        for await (const piece of source.pieces(signal)) {
          if (piece.type === 'data') read += piece.bytes.length;
          const resident = process.memoryUsage.rss() / 2 ** 20;
          size.most = Math.max(size.most, resident);
          if (read < WARM_UP) size.settled = size.most;
          yield piece;
        }
      },
    };
    await scanLog(watched, { signal, onReport: () => {} });
  }
  const told = sizes.map(
    ({ settled, most }) => `${Math.round(settled)} MiB and at most ${Math.round(most)} MiB`,
  );
  return atMost(
    {
      name: 'growth of the process over 250 MB',
      value: Math.max(...sizes.map(({ settled, most }) => Math.round(most - settled))),
      unit: 'MiB',
      note: `resident after ${WARM_UP / 1e6} MB and later: clean ${told[0]}, crash-heavy ${told[1]}`,
    },
    64,
  );
}
