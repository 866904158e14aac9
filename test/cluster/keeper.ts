import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const KEEPER = fileURLToPath(new URL('keeper.sh', import.meta.url));

/** A background process of a keeper. */
export interface Kept {
  running(): Promise<boolean>;
  /** SIGKILL to all that it started; resolves when it has gone. */
  kill(): Promise<void>;
  /** SIGSTOP */
  pause(): Promise<void>;
  /** SIGCONT */
  resume(): Promise<void>;
  /** Starts the same command again, after killing it where it still runs. */
  restart(): Promise<void>;
}

interface KeeperOptions {
  /** Its logs are in `log/` of this folder. */
  readonly folder: string;
  /** What to run the keeper by, as `unshare`; it gets the keeper's command as its last arguments. */
  readonly by?: readonly string[];
  /** A command that runs when the keeper has ended, whatever ended it. */
  readonly afterwards: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const scriptIn = (folder: string) => join(folder, 'keeper.sh');

/** Quotes words for a shell. */
export function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
}

/**
 * Keeps background processes that never outlive this process, whatever ends it: they are children of a shell that
 * ends them, and then itself, when the pipe from here closes.
 */
export class Keeper {
  readonly folder: string;
  readonly #child;
  readonly #closed: Promise<unknown>;
  readonly #answers: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();
  #complaints = '';

  private constructor({ folder, by = [], afterwards, env }: KeeperOptions) {
    this.folder = folder;
    const keeper = [...by, 'bash', scriptIn(folder), folder];
    // A session of its own keeps Ctrl-C from it.
    this.#child = spawn('bash', ['-c', `${quoted(keeper)}; ${quoted(afterwards)}`], {
      detached: true,
      env: { ...process.env, ...env },
      stdio: 'pipe',
    });
    this.#closed = once(this.#child, 'close');
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#complaints += chunk.toString()));
    // A word to a keeper that has gone: there is no answer either.
    this.#child.stdin.on('error', () => {});
  }

  static async create(options: KeeperOptions): Promise<Keeper> {
    await mkdir(join(options.folder, 'log'), { recursive: true });
    // A keeper with a root of its own sees this folder only.
    await copyFile(KEEPER, scriptIn(options.folder));
    return new Keeper(options);
  }

  /** The line that what it is run by says first. Throws what that complained of. */
  async greeting(): Promise<string> {
    return await this.#line();
  }

  async #line(): Promise<string> {
    const answer = await this.#answers.next();
    if (answer.done !== true) return answer.value;
    await this.#closed;
    throw new Error(`The processes in ${this.folder} have ended. ${this.#complaints.trim()}`);
  }

  /** Runs a line of shell in the keeper and resolves with what it printed. Throws when the keeper has ended. */
  async tell(line: string): Promise<string> {
    const answer = this.#last.then(() => this.#ask(line));
    this.#last = answer.catch(() => {});
    return await answer;
  }

  async #ask(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`);
    const printed: string[] = [];
    for (let line = await this.#line(); line !== '.'; line = await this.#line()) printed.push(line);
    return printed.join('\n');
  }

  /** Runs a command to its end and resolves with what it printed. Throws with that when it failed. */
  async run(command: readonly string[]): Promise<string> {
    const lines = (await this.tell(`${quoted(command)} 2>&1; echo $?`)).split('\n');
    const code = lines.pop();
    if (code !== '0') throw new Error(`${command[0]}: ${lines.join('\n').trim()}`);
    return lines.join('\n');
  }

  /** Starts a command in the background; its output goes to `log/<name>.log`. */
  async start(name: string, command: readonly string[]): Promise<Kept> {
    const run = () => this.tell(`run ${quoted([name, ...command])}`);
    let pid = await run();
    const signal = async (word: string) => void (await this.tell(`kill -${word} -- -${pid}`));
    const kill = async () => void (await this.tell(`end ${pid}`));
    return {
      running: async () => (await this.tell(`kill -0 ${pid} && echo up`)) === 'up',
      kill,
      pause: () => signal('STOP'),
      resume: () => signal('CONT'),
      async restart() {
        await kill();
        pid = await run();
      },
    };
  }

  /** The last lines that a command printed. */
  async tail(name: string, lines = 15): Promise<string> {
    const text = await readFile(join(this.folder, 'log', `${name}.log`), 'utf8').catch(() => '');
    return text.trim().split('\n').slice(-lines).join('\n');
  }

  /** Ends every process, and resolves when what comes afterwards has been done. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }
}
