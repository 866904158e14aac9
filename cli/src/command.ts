import { type Command, InvalidArgumentError, Option } from 'commander';

import type { ExitCode } from './exit-codes.ts';
import { COLOUR_CHOICES, type ColourChoice, processTerminal, type Terminal } from './terminal/terminal.ts';

/** Options of every command that asks a cluster. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly as?: string;
  /** In ms. */
  readonly requestTimeout: number;
}

/** Options of every command that a poll of this machine answers too. */
export interface PollOptions extends ClusterOptions {
  readonly local?: boolean;
  readonly data: string;
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Reads "90s", "5m" or "1h30m", in ms. */
export function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    throw new InvalidArgumentError('It must be a time such as 30s, 5m or 1h30m.');
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit as keyof typeof UNITS], 0);
}

/** An option whose value is a time; `fallback` as a person would write it. */
export function timeOption(flags: string, description: string, fallback: string): Option {
  return new Option(flags, description).argParser(duration).default(duration(fallback), fallback);
}

/** Collects the values of an option that may be repeated. */
export function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Adds the options that choose a cluster, named as kubectl's. */
export function reachesCluster(command: Command): Command {
  return command
    .option('--context <name>', 'context of the kubeconfig; without it the current one')
    .option('--kubeconfig <file>', 'kubeconfig file; without it KUBECONFIG, or ~/.kube/config')
    .option('--as <user>', 'user to act as')
    .addOption(timeOption('--request-timeout <time>', 'how long one request may take', '30s'));
}

/** Adds the options that choose a cluster and a namespace there. */
export function asksCluster(command: Command): Command {
  return reachesCluster(command.option('-n, --namespace <name>', 'namespace; without it the one of the context'));
}

/** Adds what chooses a poll of a cluster, or of this machine. */
export function asksPoll(command: Command): Command {
  return asksCluster(command)
    .option('--local', 'the poll that `voteapp up` runs on this machine')
    .option('--data <folder>', 'where polls of this machine keep their data', '.voteapp');
}

/** Adds what names a VotingApp that is changed, and whether to wait for the operator. */
export function changesApp(command: Command, patience: string): Command {
  const changing = command
    .argument('<name>', 'name of the poll')
    .option('--wait', 'wait until it is so')
    .addOption(timeOption('--timeout <time>', 'how long to wait', patience));
  return printsAs(asksCluster(changing), ['text', 'json', 'yaml']);
}

/** Adds `-o`: a table for people, or one of the formats for programs. */
export function printsAs(command: Command, formats: readonly string[]): Command {
  const [first] = formats;
  return command.addOption(new Option('-o, --output <format>', 'form of the answer').choices(formats).default(first));
}

type Work = (terminal: Terminal) => Promise<ExitCode | void>;

/** Runs what a command does, with the terminal; its exit code is the process's. */
export async function run(command: Command, work: Work): Promise<void> {
  const { color = 'auto' } = command.optsWithGlobals<{ color?: ColourChoice }>();
  const terminal = processTerminal(color);
  try {
    const code = await work(terminal);
    if (code !== undefined) process.exitCode = code;
  } finally {
    terminal.release();
  }
}

/** Options of every command. */
export function globalOptions(program: Command): Command {
  return program
    .addOption(new Option('--color <when>', 'colours in the answer').choices(COLOUR_CHOICES).default('auto'))
    .option('-v, --verbose', 'tell where an unexpected failure comes from');
}
