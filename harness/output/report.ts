import type { LoadedRun } from '../load-run.ts';

/** What an output may use besides the run. */
export interface OutputContext {
  /** Where text for people goes: its colours depend on it. */
  readonly stream?: NodeJS.WriteStream | undefined;
  /** KCIDB's name of the system that reports. */
  readonly origin: string;
  /** `Name <address>` of who tested, for trailers; undefined when nobody knows. */
  readonly tester?: string | undefined;
}

/** A format in which a run is told to people or programs. */
export interface Output {
  /** @returns the whole document, with its last line feed */
  render(run: LoadedRun, context: OutputContext): string | Promise<string>;
}

/** All formats, each in a module of its own that is loaded when it is asked for. */
const outputs = {
  terminal: async () => (await import('./terminal-run.ts')).terminalOutput,
  ktap: async () => (await import('./ktap.ts')).ktapOutput,
  junit: async () => (await import('./junit.ts')).junitOutput,
  kcidb: async () => (await import('./kcidb.ts')).kcidbOutput,
  github: async () => (await import('./github.ts')).githubOutput,
  markdown: async () => (await import('./reply.ts')).replyOutput,
  html: async () => (await import('./page/page-output.ts')).pageOutput,
  json: async () => (await import('./json.ts')).jsonOutput,
} as const satisfies Record<string, () => Promise<Output>>;

export type Format = keyof typeof outputs;
export const formats = Object.keys(outputs) as readonly Format[];

/** Tells a run in one of the formats. */
export async function renderRun(run: LoadedRun, format: Format, context: OutputContext): Promise<string> {
  return await (await outputs[format]()).render(run, context);
}
