/** A server under load. */
export interface Target {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly path: string;
  /** Votes applied so far; resolves once nothing accepted is waiting to be applied. null: it applies none. */
  applied(): Promise<number | null>;
  stop(): Promise<void>;
}
