/** What a program of a rival is told when it starts. */
export interface RivalOptions {
  readonly options: readonly string[];
  readonly mysql: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly amqp: {
    readonly hostname: string;
    readonly port: number;
    readonly username: string;
    readonly password: string;
  };
}

/** Resolves with them. */
export function rivalOptions<T extends Partial<RivalOptions>>(): Promise<T> {
  process.on('disconnect', () => process.exit(0));
  return new Promise((resolve) => process.once('message', (options: T) => resolve(options)));
}
