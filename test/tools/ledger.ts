import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as requestTls } from 'node:https';
import { text } from 'node:stream/consumers';

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
  /** What the first answers other than 202 said. */
  readonly reasons: string[] = [];

  add(voter: string, answer: Answer, reason = String(answer)): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
    if (answer !== 202 && this.reasons.length < MAX_REASONS) this.reasons.push(reason);
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
const MAX_REASONS = 10;
const TICK_MS = 10;

/** What an ingress is told: the host that is asked for, and the authority that its certificate is of, PEM. */
export interface Ingress {
  readonly host: string;
  readonly ca: string;
}

/** Sends votes at a rate that does not depend on the answers, to the replicas in turn, or through an ingress by TLS. */
export function openLoop(urls: readonly string[], votesPerSecond: number, ledger: Ledger, ingress?: Ingress): OpenLoop {
  const kept = { keepAlive: true, maxSockets: 256 };
  const agent =
    ingress === undefined ? new Agent(kept) : new TlsAgent({ ...kept, ca: ingress.ca, servername: ingress.host });
  const started = performance.now();
  const running = new Set<Promise<void>>();
  let sent = 0;

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - started) / 1_000) * votesPerSecond);
    for (; sent < due; sent += 1) {
      const voter = `voter-${sent}`;
      const url = urls[sent % urls.length] ?? '';
      const body = JSON.stringify({ option: sent % 3 === 0 ? 'pepsi' : 'coca', voter });
      const vote = post(agent, url, body, ingress?.host).then(([answer, reason]) => ledger.add(voter, answer, reason));
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

type Said = readonly [answer: Answer, reason: string];

function post(agent: Agent, url: string, body: string, host?: string): Promise<Said> {
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(host !== undefined && { host }),
    };
    const ask = agent instanceof TlsAgent ? requestTls : request;
    const broken = (error: unknown): void => resolve(['broken', String(error)]);
    const sending = ask(`${url}/api/vote`, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (response) => {
      const { statusCode = 0 } = response;
      text(response).then((said) => resolve([statusCode, `${statusCode} ${said}`]), broken);
    });
    sending.on('timeout', () => {
      resolve(['late', 'late']);
      sending.destroy();
    });
    sending.on('error', broken);
    sending.end(body);
  });
}
