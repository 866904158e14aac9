import type { KubeObject } from '@voteapp/operator/runtime/object';

import { toned } from '../terminal/colour.ts';
import { formatted } from '../terminal/format.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { titleOf } from './apply.ts';
import { type ChangesOutput, changesOutput, type OUTCOMES } from './changes-output.ts';

type Outcome = (typeof OUTCOMES)[number];

const OUTCOME_WIDTH = 'configured'.length;
const TRIAL = ' (dry run)';

type About = Pick<ChangesOutput, 'namespace' | 'context' | 'dryRun'>;

/** Tells what becomes of the objects of an installation: to a person one after another, to a program all at the end. */
export class Changes {
  readonly #about: About;
  readonly #output: 'text' | 'json' | 'yaml';
  readonly #terminal: Terminal;
  readonly #objects: ChangesOutput['objects'][number][] = [];
  /** Whether the operator runs as asked for; null: not waited for. */
  ready: boolean | null = null;
  /** What is left, each in words. */
  stays: readonly string[] = [];

  constructor(about: About, output: 'text' | 'json' | 'yaml', terminal: Terminal) {
    this.#about = about;
    this.#output = output;
    this.#terminal = terminal;
  }

  get count(): number {
    return this.#objects.length;
  }

  add(outcome: Outcome, object: KubeObject): void {
    const { kind, metadata } = object;
    this.#objects.push({ outcome, kind, namespace: metadata.namespace ?? null, name: metadata.name });
    if (this.#output !== 'text') return;
    const word = toned(this.#terminal, outcome === 'unchanged' ? 'faint' : 'good', outcome.padEnd(OUTCOME_WIDTH));
    const trial = this.#about.dryRun === 'server' ? TRIAL : '';
    this.#terminal.print(`${word}  ${titleOf(object, this.#about.namespace)}${trial}`);
  }

  /** To be called whatever happens, for what was done is done. */
  end(): void {
    if (this.#output === 'text') return;
    const { ready, stays } = this;
    const answer = { ...this.#about, objects: this.#objects, ready, stays: [...stays] } satisfies ChangesOutput;
    this.#terminal.print(formatted(changesOutput.parse(answer), this.#output));
  }
}
