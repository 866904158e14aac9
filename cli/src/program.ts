import { ConfigError } from '@voteapp/kit/config';
import { Command, CommanderError, Help } from 'commander';

import { globalOptions } from './command.ts';
import { analyzeCommand } from './commands/analyze.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { createCommand } from './commands/create.ts';
import { hibernateCommand } from './commands/hibernate.ts';
import { pollCommand } from './commands/poll.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { renderCommand } from './commands/render.ts';
import { checkCommand } from './commands/check.ts';
import { installCommand } from './commands/install.ts';
import { reportCommand } from './commands/report.ts';
import { restartCommand } from './commands/restart.ts';
import { uninstallCommand } from './commands/uninstall.ts';
import { statusCommand } from './commands/status.ts';
import { tallyCommand } from './commands/tally.ts';
import { browseCommand } from './commands/browse.ts';
import { voteCommand } from './commands/vote.ts';
import { logsCommand } from './commands/logs.ts';
import { upCommand } from './commands/up.ts';
import { versionCommand } from './commands/version.ts';
import { EXIT, type ExitCode, Failure, UsageError } from './exit-codes.ts';
import { calledBy } from './help.ts';

/** The commands in the order of a person's way through them. */
const COMMANDS: Readonly<Record<string, readonly (() => Command)[]>> = {
  'A poll on this machine:': [upCommand],
  'Prepare a cluster:': [checkCommand, installCommand, uninstallCommand],
  'Make a poll:': [createCommand, analyzeCommand, renderCommand],
  'Run a poll:': [statusCommand, voteCommand, tallyCommand, pollCommand, browseCommand],
  'Look after it:': [logsCommand, restartCommand, hibernateCommand, reconcileCommand, reportCommand],
  'This tool:': [completionCommand, versionCommand],
};

const HELPED = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version']);

/** Descriptions are wrapped where so many columns are left for them: in a terminal of 60, beside long options too. */
const LEAST_HELP_COLUMNS = 16;

/** Gives a command, and all that are below it, what commander hands down to none that are made elsewhere. */
function settle(command: Command, name: string, path = name): void {
  command
    .configureHelp({
      minWidthToWrap: LEAST_HELP_COLUMNS,
      optionDescription: (option) => calledBy(name, new Help().optionDescription(option)),
    })
    .showHelpAfterError(`See \`${path} --help\`.`)
    .exitOverride();
  // Where a verb is to follow and none does, commander would have its help for an error; here, as with kubectl and gh,
  // it is what was asked for.
  const help = command.help.bind(command);
  command.help = () => help();
  for (const each of command.commands) settle(each, name, `${path} ${each.name()}`);
}

/** The command line, by the name that it is called by. Parsing it runs the command and sets the process's exit code. */
export function buildProgram(name = 'voteapp'): Command {
  const program = globalOptions(new Command(name))
    .description('Runs polls: on a laptop, or as VotingApp resources on Kubernetes.')
    .showSuggestionAfterError()
    .commandsGroup('This tool:')
    .helpCommand(true);
  for (const [group, commands] of Object.entries(COMMANDS)) {
    for (const command of commands) program.addCommand(command().helpGroup(group));
  }
  program.addCommand(completeCommand(), { hidden: true });
  settle(program, name);

  const parse = program.parseAsync.bind(program);
  program.parseAsync = async (...args) => {
    try {
      await parse(...args);
    } catch (error) {
      process.exitCode = report(error, program.opts<{ verbose?: boolean }>().verbose === true);
    }
    return program;
  };
  return program;
}

/** Says what went wrong, in one sentence, and returns the exit code; where it came from only who asks for it hears. */
function report(error: unknown, isVerbose: boolean): ExitCode {
  if (error instanceof CommanderError) return HELPED.has(error.code) ? EXIT.ok : EXIT.usage;
  const isUsage = error instanceof UsageError || error instanceof ConfigError;
  const isExpected = isUsage || error instanceof Failure;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(isExpected ? `${message}\n` : `voteapp failed: ${message} (-v tells where)\n`);
  if (isVerbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  if (isUsage) return EXIT.usage;
  return error instanceof Failure ? error.exitCode : EXIT.failed;
}
