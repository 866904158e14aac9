export interface ModelBatch {
  readonly producer: number;
  readonly shard: number;
  readonly n: number;
  readonly nonce: string;
  readonly votes: readonly ({ voter: number; option: number; seq: number; id?: number | undefined } | null)[];
}

const SEQS_PER_MINUTE = 4_096 * 60_000;

/** What a round must count, worked out anew from all its votes. Batches are told in the order of their delivery. */
export class Model {
  accepted = 0;
  duplicates = 0;
  rejected = 0;
  readonly #cast: { voter: number; option: number; seq: number; order: number[] }[] = [];
  readonly #nonces = new Map<string, string[]>();
  readonly #ids = new Map<number, string>();

  deliver({ producer, shard, n, nonce, votes }: ModelBatch, options: number): void {
    const nonces = this.#nonces.get(`${producer} ${shard} ${n}`) ?? [];
    this.#nonces.set(`${producer} ${shard} ${n}`, nonces);
    if (nonces.includes(nonce)) return;
    const conflict = nonces.push(nonce) > 1;
    this.accepted += votes.length;
    for (const [index, vote] of votes.entries()) {
      if (conflict || vote === null || vote.option >= options) {
        this.rejected += 1;
        continue;
      }
      const { voter, option, seq, id } = vote;
      const first = id === undefined ? undefined : this.#ids.get(id);
      if (first === `${voter} ${option}`) this.duplicates += 1;
      else if (first !== undefined) this.rejected += 1;
      else this.#cast.push({ voter, option, seq, order: [seq, producer, n, index] });
      if (id !== undefined && first === undefined) this.#ids.set(id, `${voter} ${option}`);
    }
  }

  cast(options: number, votes: readonly { option: number }[] = this.#cast): number[] {
    return Array.from({ length: options }, (_, option) => votes.filter((vote) => vote.option === option).length);
  }

  tally(policy: string, options: number): number[] {
    const sorted = this.#cast.toSorted(({ order: a }, { order: b }) => {
      const at = a.findIndex((part, index) => part !== b[index]);
      return at < 0 ? 0 : a[at]! - b[at]!;
    });
    if (policy === 'FirstVoteWins') sorted.reverse();
    return this.cast(options, policy === 'Unlimited' ? sorted : [...new Map(sorted.map((v) => [v.voter, v])).values()]);
  }

  minutes(options: number): { minute: number; cast: number[] }[] {
    const groups = Map.groupBy(this.#cast, ({ seq }) => Math.floor(seq / SEQS_PER_MINUTE));
    return [...groups].map(([minute, votes]) => ({ minute, cast: this.cast(options, votes) }));
  }
}
