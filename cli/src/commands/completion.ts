import { Argument, Command } from 'commander';

import { completionScript, type Shell, SHELLS } from '../completion/scripts.ts';
import { run } from '../command.ts';
import { explained } from '../help.ts';

const EXPLANATION = {
  examples: [
    '# bash',
    "echo 'source <(voteapp completion bash)' >> ~/.bashrc",
    '# zsh',
    "echo 'source <(voteapp completion zsh)' >> ~/.zshrc",
    '# fish',
    'voteapp completion fish > ~/.config/fish/completions/voteapp.fish',
    '# PowerShell',
    'voteapp completion pwsh >> $PROFILE',
  ],
  notes: [
    'As `kubectl voteapp` it is completed by kubectl’s own completion, with kubectl_complete-voteapp on the PATH.',
  ],
};

/** `voteapp completion`: what a shell needs in order to complete commands, options and names. */
export function completionCommand(): Command {
  const command = new Command('completion')
    .description('Print what makes a shell complete commands, options and live names.')
    .addArgument(new Argument('<shell>', 'shell that is to complete').choices(SHELLS));
  return explained(command, EXPLANATION).action(async (shell: Shell, _options: object, self: Command) => {
    await run(self, async (terminal) => terminal.print(completionScript(shell)));
  });
}

/** `voteapp __complete`: what the scripts ask, and kubectl. */
export function completeCommand(): Command {
  return new Command('__complete')
    .argument('[words...]')
    .action(async (words: readonly string[], _options: object, self: Command) => {
      await run(self, async (terminal) => {
        const [{ complete }, { LIVE }] = await Promise.all([
          import('../completion/candidates.ts'),
          import('../completion/live.ts'),
        ]);
        // PowerShell's empty word.
        const typed = words.map((word) => (word === '""' ? '' : word));
        const found = await complete(self.parent ?? self, typed, LIVE);
        const candidates = found === 'files' ? [] : found;
        for (const { value, description } of candidates) {
          terminal.print(description === '' ? value : `${value}\t${description}`);
        }
        terminal.print(found === 'files' ? ':0' : ':4');
      });
    });
}
