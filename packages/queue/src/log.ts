/** Takes lines about the connection; a pino logger is one. They name hosts and queues, never users or passwords. */
export interface QueueLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
