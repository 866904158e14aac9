import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningPoll, startPoll } from '../tools/voteapp-process.ts';
import { rewriteEnvironment } from './rewrites.ts';
import { querySqlite } from './stored.ts';
import { type Changed, CRASHES, type System, until } from './system.ts';

const NAME = 'faults';

export interface EmbeddedOptions extends Changed {
  readonly poll?: object;
  /** Where the data lie; default: a temporary folder. */
  readonly folder?: string;
}

/** `voteapp up`: everything in one process, on SQLite and a journal. It is started anew whenever it ends. */
export class EmbeddedSystem implements System {
  readonly round = NAME;
  readonly #folder: string;
  readonly #options: EmbeddedOptions;
  #running: RunningPoll | null = null;
  #crashes = 0;
  #killed = false;
  #stopping = false;
  #supervised: Promise<void> = Promise.resolve();

  private constructor(folder: string, options: EmbeddedOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: EmbeddedOptions = {}): Promise<EmbeddedSystem> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'voteapp-faults-')));
    const system = new EmbeddedSystem(folder, options);
    await system.edit({});
    system.#supervised = system.#supervise();
    system.#supervised.catch(() => {});
    await Promise.race([system.#supervised, until('voteapp up serves', () => system.#running !== null)]);
    return system;
  }

  get roundKey(): Buffer {
    const keys = JSON.parse(readFileSync(join(this.#data, 'keys.json'), 'utf8')) as { round_key: string };
    return Buffer.from(keys.round_key, 'base64');
  }

  get query() {
    return querySqlite(join(this.#data, 'store.db'));
  }

  get #data(): string {
    return join(this.#folder, NAME);
  }

  readonly targets = (): readonly string[] => (this.#running === null ? [] : [this.#running.urls.vote]);

  readonly crashes = (): number => this.#crashes;

  readonly pids = (): readonly number[] => (this.#running?.child.pid === undefined ? [] : [this.#running.child.pid]);

  /** kill -9; it is started again. */
  kill(): void {
    this.#killed = true;
    this.#running?.child.kill('SIGKILL');
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#running?.child.kill(signal);
  }

  async edit(poll: object): Promise<void> {
    const options = [{ id: 'coca' }, { id: 'pepsi' }, { id: 'guarana' }];
    const spec = { poll: { options, ...this.#options.poll, ...poll } };
    const app = { apiVersion: 'voteapp.dev/v1alpha1', kind: 'VotingApp', metadata: { name: NAME }, spec };
    await writeFile(join(this.#folder, 'votingapp.yaml'), JSON.stringify(app));
  }

  /** Its worker tells what waits in the journal and what it holds; of a run before it tells nothing. */
  async isDrained(): Promise<boolean> {
    const asked = Date.now();
    if (this.#running === null) return false;
    await until('the worker has counted what is pending', async () => {
      const rows = await this.query('SELECT written_at FROM pending');
      return rows.length > 0 && rows.every(([at]) => Number(at) > asked);
    });
    return (await this.query('SELECT votes FROM pending')).every(([votes]) => votes === '0');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await until('voteapp up has started, to be ended', () => this.#running !== null, 30_000).catch(() => {});
    this.#running?.child.kill('SIGKILL');
    await this.#supervised.catch(() => {});
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #supervise(): Promise<void> {
    const { rewrites: all = [], crashPoints = [] } = this.#options;
    const args = ['-f', join(this.#folder, 'votingapp.yaml')];
    for (let failures = 0; !this.#stopping;) {
      const rewrites = [...all, ...(this.#crashes < CRASHES ? crashPoints : [])];
      const variables = Object.entries(rewriteEnvironment(rewrites)).map(([name, value]) => `${name}=${value}`);
      try {
        this.#running = await startPoll(this.#folder, { name: NAME, args, wrapper: ['env', ...variables] });
      } catch (error) {
        // A crash point may be hit before it serves.
        this.#crashes += 1;
        failures += 1;
        if (failures > 20) throw error;
        continue;
      }
      const { finished } = this.#running;
      await finished;
      this.#running = null;
      if (!this.#killed && !this.#stopping) this.#crashes += 1;
      this.#killed = false;
    }
  }
}
