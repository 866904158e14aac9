import { Agent, request } from 'node:http';

type Answer = number | 'broken' | 'late';

/** What became of each vote that was sent; every vote has a voter of its own. */
export class Ledger {
  /** Answered 202: must be counted, once. */
  readonly accepted = new Set<string>();
  /** Answered 503, or not at all: may be counted, once. */
  readonly unknown = new Set<string>();
  /** Answered by another status: must not be counted. */
  readonly refused = new Set<string>();
  /** How many answers each status had; `broken`: the connection ended without one, `late`: nobody waited any longer. */
  readonly answers = new Map<Answer, number>();

  add(voter: string, answer: Answer): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
    if (answer === 202) this.accepted.add(voter);
    else if (answer === 503 || typeof answer === 'string') this.unknown.add(voter);
    else this.refused.add(voter);
  }
}

export interface OpenLoop {
  /** Stops sending and resolves when every vote has its answer. */
  stop(): Promise<void>;
}

const TIMEOUT_MS = 8_000;
const TICK_MS = 10;

/** Sends votes at a rate that does not depend on the answers, to the replicas in turn. */
export function openLoop(urls: readonly string[], votesPerSecond: number, ledger: Ledger): OpenLoop {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const started = performance.now();
  const running = new Set<Promise<void>>();
  let sent = 0;

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1_000) * votesPerSecond);
    for (; sent < due; sent += 1) {
      const voter = `voter-${sent}`;
      const url = urls[sent % urls.length] ?? '';
      const vote = post(agent, url, JSON.stringify({ option: sent % 3 === 0 ? 'pepsi' : 'coca', voter })).then(
        (answer) => ledger.add(voter, answer),
      );
      running.add(vote);
      void vote.then(() => running.delete(vote));
    }
  }, TICK_MS);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
      agent.destroy();
    },
  };
}

function post(agent: Agent, url: string, body: string): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sending = request(`${url}/api/vote`, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve('broken'));
    });
    sending.on('timeout', () => {
      resolve('late');
      sending.destroy();
    });
    sending.on('error', () => resolve('broken'));
    sending.end(body);
  });
}
