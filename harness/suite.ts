/** Suites of test programs: found, compiled, and what is known of them. */
export { SuiteBuildError, SuiteError } from './suite/errors.ts';
export { type LoadOptions, loadSuite, onlyPrograms } from './suite/load.ts';
export { suiteNames } from './suite/locate.ts';
export type { Program, Suite } from './suite/program.ts';
export type { ProgramDescription } from './suite/schema.ts';
