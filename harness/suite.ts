/** Suites of test programs: found, compiled, and what is known of them. */
export { SuiteError } from './suite/errors.ts';
export { loadSuite, onlyPrograms } from './suite/load.ts';
export {} from './suite/locate.ts';
export type { Program, Suite } from './suite/program.ts';
export type { ProgramDescription } from './suite/schema.ts';
