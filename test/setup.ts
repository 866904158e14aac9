import { isRequired, PROGRAMS } from './tools/programs.ts';

/**
 * Finds, or unpacks, what the suites start, and tells them by environment variables. What cannot be had is said once
 * and its tests are skipped; on CI it is a failure.
 */
export async function setup(): Promise<void> {
  for (const [variable, find] of Object.entries(PROGRAMS)) {
    const name = variable.replace('VOTEAPP_TEST_', '').toLowerCase();
    const program = await find();
    if ('path' in program) {
      process.env[variable] = program.path;
      continue;
    }
    if (isRequired(name)) throw new Error(`The tests need ${name}: ${program.missing}`);
    process.stderr.write(`Tests with ${name} are skipped: ${program.missing}.\n`);
  }
}
