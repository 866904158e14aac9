import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { StoreOwnedByOther, StoreUnavailable } from '../port.ts';
import { Database } from './database.ts';
import { migrate, MIGRATIONS } from './migrations.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voteapp-database-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fileAt = (name = 'store.db') => join(folder, name);

describe('the database file', () => {
  it('writes ahead and waits for the disk on every commit', () => {
    const db = new Database(fileAt());
    const pragma = (name: string) => db.prepare(`PRAGMA ${name}`).get();
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual([
      { journal_mode: 'wal' },
      { synchronous: 2 },
      { foreign_keys: 1 },
    ]);
    db.close();
    db.close();
  });

  it('is unavailable where it cannot be opened, or is no database', () => {
    expect(() => new Database(join(folder, 'missing', 'store.db'))).toThrow(StoreUnavailable);
    writeFileSync(fileAt('text'), 'This is no database, but it is long enough to be taken for one.'.repeat(20));
    expect(() => new Database(fileAt('text'))).toThrow(StoreUnavailable);
  });

  it('is unavailable when it is full, and keeps nothing of the transaction', () => {
    const db = new Database(fileAt());
    db.run('CREATE TABLE filler (bytes BLOB)');
    db.prepare('PRAGMA max_page_count = 4').get();
    const fill = () =>
      db.write(() => {
        db.run('INSERT INTO filler VALUES (1)');
        db.run('INSERT INTO filler VALUES (zeroblob(100000))');
      });
    expect(fill).toThrow(StoreUnavailable);
    expect(fill).toThrow(/full/);
    expect(db.prepare('SELECT count(*) AS rows FROM filler').get()).toEqual({ rows: 0 });
    db.close();
  });

  it('rolls back when the work throws, and passes the error on', () => {
    const db = new Database(fileAt());
    db.run('CREATE TABLE t (a INTEGER PRIMARY KEY)');
    const work = () =>
      db.write(() => {
        db.run('INSERT INTO t VALUES (1)');
        throw new RangeError('no');
      });
    expect(work).toThrow(new RangeError('no'));
    expect(() => db.run('INSERT INTO t VALUES (?)', 'x')).toThrow(/datatype mismatch/);
    expect(() => db.run('INSERT INTO t VALUES (?)', 'x')).not.toThrow(StoreUnavailable);
    expect(db.read(() => db.prepare('SELECT * FROM t').all())).toEqual([]);
    db.close();
  });
});

describe('migrations', () => {
  const schema = (db: Database) => db.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();
  const owner = (db: Database) => db.prepare('SELECT owner FROM identity').get();

  it('goes on from wherever it was stopped', () => {
    const whole = new Database(fileAt('whole.db'));
    migrate(whole, 'a/b');
    for (let steps = 0; steps < MIGRATIONS.length; steps += 1) {
      const db = new Database(fileAt(`${steps}.db`));
      expect(() => migrate(db, 'a/b', [...MIGRATIONS.slice(0, steps), 'stopped here'])).toThrow(/syntax error/);
      migrate(db, 'a/b');
      migrate(db, 'a/b');
      expect(schema(db)).toEqual(schema(whole));
      expect(owner(db)).toEqual({ owner: 'a/b' });
      db.close();
    }
    whole.close();
  });

  it('touches nothing of another app', () => {
    const db = new Database(fileAt());
    migrate(db, 'a/b');
    const before = schema(db);
    expect(() => migrate(db, 'a/c', [...MIGRATIONS, 'CREATE TABLE more (a)'])).toThrow(StoreOwnedByOther);
    expect([schema(db), owner(db)]).toEqual([before, { owner: 'a/b' }]);
    db.close();
  });
});
