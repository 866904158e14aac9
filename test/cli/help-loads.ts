import { registerHooks } from 'node:module';

// Prints, as JSON, the URLs of all modules that the help of the program and of every command of it loads.
const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
const { buildProgram } = await import('@voteapp/cli/program');
type Command = ReturnType<typeof buildProgram>;
const commands = ({ commands: subcommands }: Command): string[][] => [
  [],
  ...subcommands.flatMap((command) => commands(command).map((words) => [command.name(), ...words])),
];
const write = process.stdout.write.bind(process.stdout);
let help = 0;
process.stdout.write = (text): boolean => (help += String(text).startsWith('Usage: ') ? 1 : 0) > 0;
const asked = commands(buildProgram());
for (const words of asked) await buildProgram().parseAsync([...words, '--help'], { from: 'user' });
write(JSON.stringify({ asked: asked.length, help, loaded }));
