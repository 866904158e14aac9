import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** What is started for others: data that they are given and, where it does not end by itself, how it ends. */
export type Started = object & { readonly stop?: () => Promise<void> };

/** Starts things for other processes of this machine, each once. */
export interface Starter {
  /** The loopback port that they ask at. */
  readonly port: number;
  /** Ends all that has been started. */
  stop(): Promise<void>;
}

/** Starts what is asked for by name, once however often it is asked for. What `start` throws, whoever asks throws. */
export async function startOnce(start: (name: string) => Promise<Started | null>): Promise<Starter> {
  const started = new Map<string, Promise<Started | null>>();

  async function answer(socket: Socket): Promise<void> {
    const name = await text(socket);
    const thing = started.get(name) ?? start(name);
    started.set(name, thing);
    socket.end(
      await thing.then(
        (data) => JSON.stringify({ data }),
        (error: unknown) => JSON.stringify({ failure: error instanceof Error ? error.message : String(error) }),
      ),
    );
  }
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    // Whoever asked may have gone.
    answer(socket).catch(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');

  return {
    port: (listener.address() as AddressInfo).port,
    async stop() {
      listener.close();
      await Promise.all([...started.values()].map((thing) => thing.then((it) => it?.stop?.()).catch(() => {})));
    },
  };
}

/** Asks for a thing by name and resolves with its data when it has started; null where it cannot be had. */
export async function askFor<Data>(port: number, name: string): Promise<Data | null> {
  const answer = await text(connect(port, '127.0.0.1').end(name));
  const { data = null, failure } = JSON.parse(answer) as { data?: Data | null; failure?: string };
  if (failure !== undefined) throw new Error(failure);
  return data;
}
