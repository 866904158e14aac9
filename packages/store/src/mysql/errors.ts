import { StoreUnavailable } from '../port.ts';

/** What mysql2 rejects with. Without `errno` it did not come from the server. */
interface MySqlError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  sql?: string;
}

/** {@link StoreUnavailable} with the server's or the system's name of the reason, such as `ECONNREFUSED`. */
export class MySqlUnavailable extends StoreUnavailable {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The server ended this transaction in favour of others; the next attempt may well pass. */
export class TransactionConflict extends MySqlUnavailable {}

const DUPLICATE_KEY = 1062;

const CONFLICTS = new Set([
  1205, // lock wait timeout
  1213, // deadlock; in clusters also a transaction that lost against another member's
]);

// Beside the SQLSTATE classes 22 (data) and 23 (constraints): servers file these under the general HY000.
const VALUE_ERRORS = new Set([
  1265, // data truncated
  1364, // no value for a column
  1366, // incorrect value
  3819, // check constraint
]);

/**
 * An error of mysql2 as the port knows it: what the values of a statement cause stays as it is; all else, whatever a
 * server may come up with, is an outage, for the worker sets a message aside for the former and waits for the latter.
 */
export function translated(thrown: unknown): Error {
  const error = thrown as MySqlError;
  // The whole statement, with voters and addresses in it, would follow the error into logs.
  delete error.sql;
  const { code = 'UNKNOWN', errno = 0, sqlState = '', message } = error;
  if (/^2[23]/.test(sqlState) || VALUE_ERRORS.has(errno)) return error;
  const Unavailable = CONFLICTS.has(errno) ? TransactionConflict : MySqlUnavailable;
  return new Unavailable(code, `The database cannot be used: ${message}`, { cause: error });
}

/** True for a row that another transaction has added since this one looked for it. */
export function isDuplicateKey(error: unknown): boolean {
  return (error as MySqlError | null)?.errno === DUPLICATE_KEY;
}
