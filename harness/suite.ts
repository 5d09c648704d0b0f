/** Suites of test programs: found, compiled, and what is known of them. */
export { SuiteError } from './suite/errors.ts';
export { loadSuite, onlyPrograms } from './suite/load.ts';
export type { Program, Suite } from './suite/program.ts';
