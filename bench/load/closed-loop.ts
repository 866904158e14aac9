import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Distinct voters; each request names the next one. */
  readonly voters: number;
  readonly option: string;
}

export interface LoadResult {
  /** Answers with a 2xx status. */
  readonly accepted: number;
  /** Answers by another status. */
  readonly refused: number;
  /** Requests without a whole answer: their connection broke. */
  readonly broken: number;
  readonly seconds: number;
  /** Time from sending to the whole answer, ms. */
  readonly latency: { readonly p50: number; readonly p99: number };
}

const HEAD_END = Buffer.from('\r\n\r\n');

// Every request exists before the clock starts: the generator shares the machine with what it measures.
function buildRequests({ path, voters, option }: LoadOptions): Buffer[] {
  return Array.from({ length: voters }, (_, n) => {
    const body = JSON.stringify({ option, voter: `voter-${n}` });
    const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    return Buffer.from(head + body);
  });
}

/** Length of the first whole answer in `data`; 0 while it is not whole. */
function answerLength(data: Buffer): number {
  const end = data.indexOf(HEAD_END);
  if (end < 0) return 0;
  const match = /content-length: (\d+)/i.exec(data.toString('latin1', 0, end));
  const length = end + HEAD_END.length + Number(match?.[1] ?? 0);
  return data.length >= length ? length : 0;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Posts votes over keep-alive connections, each sending the next when it has its answer, for a time. */
export async function closedLoop(options: LoadOptions): Promise<LoadResult> {
  const requests = buildRequests(options);
  const latencies: number[] = [];
  let next = 0;
  let accepted = 0;
  let refused = 0;
  let broken = 0;
  const started = performance.now();
  const deadline = started + options.durationMs;

  const drive = (socket: Socket, done: () => void): void => {
    let data: Buffer = Buffer.alloc(0);
    let sentAt = 0;
    let waiting = false;
    const send = (): void => {
      const now = performance.now();
      if (now >= deadline) {
        socket.end();
        return;
      }
      waiting = true;
      sentAt = now;
      socket.write(requests[next++ % requests.length] as Buffer);
    };
    socket.setNoDelay(true);
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      data = data.length === 0 ? chunk : Buffer.concat([data, chunk]);
      const length = answerLength(data);
      if (length === 0) return;
      // The first digit of the status follows "HTTP/1.1 ".
      if (data[9] === 0x32) accepted += 1;
      else refused += 1;
      data = data.subarray(length);
      waiting = false;
      latencies.push(performance.now() - sentAt);
      send();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (waiting) broken += 1;
      done();
    });
  };

  await Promise.all(
    Array.from(
      { length: options.connections },
      () => new Promise<void>((resolve) => drive(connect(options.port, '127.0.0.1'), resolve)),
    ),
  );
  const seconds = (performance.now() - started) / 1_000;
  latencies.sort((a, b) => a - b);
  const latency = { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
  return { accepted, refused, broken, seconds, latency };
}
