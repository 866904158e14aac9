import { describe, expect, it } from 'vitest';

import { StoreUnavailable } from '../port.ts';
import { isDuplicateKey, TransactionConflict, translated } from './errors.ts';

interface Parts {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
}

function mysqlError(message: string, parts: Parts): Error {
  return Object.assign(new Error(message), { sql: 'INSERT a@example.com', ...parts });
}

describe('an error of the database', () => {
  it.each<[string, Parts]>([
    ['a refused connection', { code: 'ECONNREFUSED' }],
    ['a lost connection', { code: 'PROTOCOL_CONNECTION_LOST' }],
    ['no answer in time', { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }],
    ['a closed socket, which has no code', {}],
    ['too many connections', { code: 'ER_CON_COUNT_ERROR', errno: 1040, sqlState: '08004' }],
    ['a wrong password', { code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, sqlState: '28000' }],
    ['a server that shuts down', { code: 'ER_SERVER_SHUTDOWN', errno: 1053, sqlState: '08S01' }],
    ['a server that takes no writes', { code: 'ER_OPTION_PREVENTS_STATEMENT', errno: 1290, sqlState: 'HY000' }],
    ['a read-only engine', { code: 'ER_READ_ONLY_MODE', errno: 1836, sqlState: 'HY000' }],
    ['a full disk', { code: 'ER_DISK_FULL', errno: 1021, sqlState: 'HY000' }],
    ['a full table', { code: 'ER_RECORD_FILE_FULL', errno: 1114, sqlState: 'HY000' }],
    ['a killed connection', { code: 'ER_CONNECTION_KILLED', errno: 1927, sqlState: '70100' }],
    ['an idle connection that was ended', { code: 'ER_CLIENT_INTERACTION_TIMEOUT', errno: 4031, sqlState: 'HY000' }],
    ['a missing table', { code: 'ER_NO_SUCH_TABLE', errno: 1146, sqlState: '42S02' }],
    ['a member that has left its cluster', { code: 'ER_UNKNOWN_COM_ERROR', errno: 1047, sqlState: '08S01' }],
  ])('is an outage for %s', (_, parts) => {
    const error = translated(mysqlError('no', parts));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).not.toBeInstanceOf(TransactionConflict);
    expect(error).toMatchObject({ code: parts.code ?? 'UNKNOWN' });
  });

  it.each([
    ['a deadlock', 1213, '40001'],
    ['a lock held too long', 1205, 'HY000'],
  ])('is a conflict for %s, and an outage when it lasts', (_, errno, sqlState) => {
    const error = translated(mysqlError('no', { errno, sqlState }));
    expect(error).toBeInstanceOf(TransactionConflict);
    expect(error).toBeInstanceOf(StoreUnavailable);
  });

  it.each([
    ['is too long', 1406, '22001'],
    ['is out of range', 1264, '22003'],
    ['is no text', 1366, 'HY000'],
    ['is missing', 1048, '23000'],
    ['is there already', 1062, '23000'],
  ])('stays what it is for a value that %s', (_, errno, sqlState) => {
    const error = mysqlError('no', { errno, sqlState });
    expect(translated(error)).toBe(error);
    expect(isDuplicateKey(error)).toBe(errno === 1062);
  });

  it('does not carry the values of its statement along', () => {
    const error = translated(mysqlError('no', { errno: 1146, sqlState: '42S02' }));
    expect(JSON.stringify([error, error.cause], Object.getOwnPropertyNames(error.cause))).not.toContain('example.com');
  });
});
