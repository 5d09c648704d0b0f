/** The kernel-log reader: text in, reports out. */
export { explain } from './explain.ts';
export type * from './lockdep/types.ts';
export { LogReader, readLog } from './reader.ts';
export type * from './types.ts';
