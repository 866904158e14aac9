import { Writable } from 'node:stream';

import { createLogger } from '@voteapp/kit/log';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { round, START } from './fixtures/front.ts';
import { ResultsStream } from './results-stream.ts';
import { RoundView } from './visibility.ts';

const VIEWER = { round: undefined, receipt: undefined, proof: () => false };

function view(accepted: number): RoundView {
  const { minutes, ...snapshot } = round({ accepted });
  return new RoundView({ snapshot, minutes, asOf: START });
}

/** Takes one write and then no more until `read` is called. */
class SlowReader extends Writable {
  received = '';
  read: () => void = () => undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.received += chunk.toString();
    this.read = done;
  }
}

function startStream() {
  const shown = { view: view(100) };
  const stream = new ResultsStream({
    view: () => Promise.resolve(shown.view),
    log: createLogger({ level: 'silent', service: 'front' }),
    random: () => 0.5,
  });
  return { shown, stream };
}

describe('ResultsStream', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps one event at most waiting for a slow viewer, who then gets the newest', async () => {
    vi.useFakeTimers();
    const { shown, stream } = startStream();
    const reader = new SlowReader();
    stream.add(reader, VIEWER);
    await vi.advanceTimersByTimeAsync(100);
    const waiting = reader.writableLength;
    for (let accepted = 101; accepted < 150; accepted += 1) {
      shown.view = view(accepted);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(reader.writableLength).toBe(waiting);

    while (reader.writableLength > 0) {
      reader.read();
      await vi.advanceTimersByTimeAsync(0);
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(reader.received.match(/"accepted":\d+/g)).toEqual(['"accepted":100', '"accepted":149']);
    await stream.stop();
  });

  it('drops a viewer that reads nothing until the next heartbeat, and keeps the others', async () => {
    vi.useFakeTimers();
    const { shown, stream } = startStream();
    const stuck = new SlowReader();
    const quick = new Writable({ write: (_chunk, _encoding, done) => done() });
    stream.add(stuck, VIEWER);
    stream.add(quick, VIEWER);
    await vi.advanceTimersByTimeAsync(14_900);
    expect(stream.viewers).toBe(2);
    shown.view = view(101);
    await vi.advanceTimersByTimeAsync(200);
    expect(stuck.destroyed).toBe(true);
    expect(quick.destroyed).toBe(false);
    expect(stream.viewers).toBe(1);
    await stream.stop();
  });

  it('sends a comment every 15 s, so that proxies keep the connection', async () => {
    vi.useFakeTimers();
    const { stream } = startStream();
    let received = '';
    const reader = new Writable({
      write(chunk: Buffer, _encoding, done) {
        received += chunk.toString();
        done();
      },
    });
    stream.add(reader, VIEWER);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(received).toMatch(/^retry: 2000\n\n/);
    expect(received.match(/^:$/gm)).toHaveLength(2);
    expect(received.match(/^event: results$/gm)).toHaveLength(1);
    await stream.stop();
  });

  it('has nothing running once the last viewer has left', async () => {
    vi.useFakeTimers();
    const { stream } = startStream();
    const reader = new Writable({ write: (_chunk, _encoding, done) => done() });
    stream.add(reader, VIEWER);
    await vi.advanceTimersByTimeAsync(200);
    reader.destroy();
    await vi.advanceTimersByTimeAsync(200);
    expect(stream.viewers).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends at once a viewer that comes after the stop', async () => {
    const { stream } = startStream();
    await stream.stop();
    const reader = new Writable({ write: (_chunk, _encoding, done) => done() });
    stream.add(reader, VIEWER);
    expect(reader.writableEnded).toBe(true);
    expect(stream.viewers).toBe(0);
  });
});
