import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { RingtrialError } from '../../common/errors.ts';
import {
  type Golden,
  isFull,
  type Ratio,
  readGolden,
  scoreGoldens,
  scoreHeaders,
  withManifest,
} from '../klog/corpus.ts';
import { readLog } from '../klog/index.ts';
import { atMost, type Figure } from './measure.ts';

/** The directory that was named as a corpus is none. */
export class CorpusMissingError extends RingtrialError {
  readonly code = 'CORPUS_MISSING';
}

/**
 * How right the reader is on golden files from outside.
 *
 * @param directory holds `headers.tsv` (`kind TAB line`), `syzkaller/report/*` (golden files in syzkaller's format)
 * and `syzkaller/manifest.jsonl` (offsets that these leave out)
 * @throws CorpusMissingError
 */
export async function corpusFigures(
  directory: string,
  onProgress: (what: string) => void,
): Promise<Figure[]> {
  onProgress('scoring the corpus');
  const { goldens, headers } = await readCorpus(directory);
  const { recall, falsePositives, fields, lockdepStructure } = scoreGoldens(goldens);
  const kinds = Object.entries(scoreHeaders(headers));
  const worst = kinds.reduce((a, b) => (b[1].right < a[1].right ? b : a));
  return [
    atLeast('reports found', recall, 100),
    atMost(
      {
        name: 'logs without a report in which one was found',
        value: falsePositives.right,
        unit: 'logs',
        note: `of ${falsePositives.of}`,
      },
      0,
    ),
    atLeast('syzkaller title', fields.title, 95),
    atLeast('syzkaller title or alt', fields.titleOrAlt, 97),
    atLeast('kind, as syzkaller names it', fields.type, 99),
    atLeast('start', fields.start, 99),
    atLeast('corrupted', fields.corrupted, 97),
    atLeast('whole lockdep reports parsed in full', lockdepStructure, 100),
    {
      ...atLeast('header lines under every prefix', worst[1], 100),
      note: `${worst[1].right} of ${worst[1].of} under the worst of ${kinds.length} prefixes, ${worst[0]}`,
    },
    grouping(goldens),
  ];
}

async function readCorpus(directory: string): Promise<{ goldens: Golden[]; headers: string }> {
  const within = (name: string): string => path.join(directory, name);
  try {
    const names = await readdir(within('syzkaller/report'));
    const goldens = names.map(async (name) =>
      readGolden(name, await readFile(within(`syzkaller/report/${name}`))),
    );
    const manifest = await readFile(within('syzkaller/manifest.jsonl'), 'utf8');
    const headers = await readFile(within('headers.tsv'), 'utf8');
    return { goldens: withManifest(await Promise.all(goldens), manifest), headers };
  } catch (cause) {
    const { code, path: missing } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause;
    throw new CorpusMissingError(
      `${directory} is no corpus: ${missing} is missing. It should hold headers.tsv, syzkaller/report/ and syzkaller/manifest.jsonl.`,
      { cause },
    );
  }
}

const atLeast = (name: string, { right, of }: Ratio, bound: number): Figure => {
  const value = of === 0 ? Number.NaN : Math.round((right / of) * 1000) / 10;
  return {
    name,
    value,
    unit: '%',
    aim: `>= ${bound} %`,
    reached: right >= (of * bound) / 100,
    note: `${right} of ${of}`,
  };
};

/** Whole circular reports fall into as many signatures as they have different cycles. */
function grouping(goldens: readonly Golden[]): Figure {
  const circular = goldens
    .filter(({ expected }) => !expected.corrupted)
    .flatMap(({ log }) => readLog(log).filter((report) => report.kind === 'lockdep.circular'));
  const whole = circular.filter((report) => isFull(report) && report.lockdep?.abridged === undefined);
  const signatures = new Set(whole.map(({ signature }) => signature));
  const cycles = new Set(whole.map(({ text }) => cycleIn(text)));
  const abridged = circular.length - whole.length;
  return {
    name: 'groups of circular reports',
    value: signatures.size,
    unit: 'groups',
    aim: `= ${cycles.size} cycles`,
    reached: signatures.size === cycles.size,
    note: `${whole.length} reports; ${abridged} more, of which the log lost links, do not count`,
  };
}

/** The cycle in a report's text, found without the reader: the names behind `-> #N`, turned so that the least is first. */
function cycleIn(text: string): string {
  const names = [...text.matchAll(/-> #\d+:? \((.+?)\)\{/g)].map(([, name = '']) =>
    name.replace(/#\d+(?=$|\/)/, ''),
  );
  const turns = names.map((_, at) => [...names.slice(at), ...names.slice(0, at)].join(' -> '));
  return turns.toSorted()[0] ?? '';
}
