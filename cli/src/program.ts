import { ConfigError } from '@voteapp/kit/config';
import { Command, CommanderError } from 'commander';

import { upCommand } from './commands/up.ts';
import { EXIT, UsageError } from './exit-codes.ts';

const HELPED = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version']);

/** The command line. Parsing it runs the command and sets the process's exit code. */
export function buildProgram(): Command {
  const program = new Command('voteapp')
    .description('Runs polls: on a laptop, or as VotingApp resources on Kubernetes.')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: true });
  program.addCommand(upCommand());
  for (const command of [program, ...program.commands]) command.exitOverride();

  const parse = program.parseAsync.bind(program);
  program.parseAsync = async (...args) => {
    try {
      await parse(...args);
    } catch (error) {
      process.exitCode = report(error);
    }
    return program;
  };
  return program;
}

/** Says what went wrong, in one sentence where it was expected, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return HELPED.has(error.code) ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError || error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.usage;
  }
  process.stderr.write(`voteapp failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}
