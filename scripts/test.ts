import { startVitest } from 'vitest/node';

// Runs every suite but the long ones, or with --long those; or of them the ones whose path contains one of the
// arguments. Ends with one line of counts.
const wanted = process.argv.slice(2);
if (wanted.includes('--long')) process.env['VOTEAPP_TEST_LONG'] = 'true';
const paths = wanted.filter((argument) => argument !== '--long');
const vitest = await startVitest('test', paths, { watch: false });
await vitest.close();

const counts = { passed: 0, failed: 0, skipped: 0 };
for (const module of vitest.state.getTestModules()) {
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state !== 'pending') counts[state] += 1;
  }
  // A file that could not be loaded or whose hooks failed has no test to blame.
  if (module.state() === 'failed' && module.errors().length > 0) counts.failed += 1;
}
counts.failed += vitest.state.getUnhandledErrors().length;
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : (process.exitCode ?? 0);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
