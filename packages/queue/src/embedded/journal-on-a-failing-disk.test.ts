import * as fs from 'node:fs';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type WriteCalls } from './durable-files.ts';
import { JournalFailed } from './errors.ts';
import { append, bodies, JournalFolder, record, texts } from './fixtures/journal-folder.ts';

let folder: JournalFolder;
beforeEach(() => {
  folder = new JournalFolder();
});
afterEach(() => folder.remove());

describe('a failing disk', () => {
  function diskFull(): NodeJS.ErrnoException {
    return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }

  test('a write that fails half-way is undone and refused; the next one after space returns is stored', () => {
    let full = false;
    const calls: WriteCalls = {
      fdatasyncSync: fs.fdatasyncSync,
      writevSync(fd, buffers, position) {
        if (!full) return fs.writevSync(fd, buffers, position);
        // The first part arrives, as it does on a real full disk; the rest does not.
        const [first] = buffers;
        if (first!.byteLength < 10) throw diskFull();
        return fs.writevSync(fd, [new Uint8Array(first!.buffer, first!.byteOffset, first!.byteLength - 5)], position);
      },
    };
    const journal = folder.openJournal({ calls });
    append(journal, 'before');
    const size = fs.statSync(folder.segments()[0]!).size;
    full = true;
    for (const text of ['lost', 'lost too']) journal.append(0, record(text));
    expect([...journal.commit().refused]).toEqual([[0, expect.stringContaining('ENOSPC')]]);
    expect(fs.statSync(folder.segments()[0]!).size).toBe(size);
    expect(bodies(journal)).toEqual(['before']);
    full = false;
    append(journal, 'after');
    folder.close(journal);
    const again = folder.openJournal();
    expect(bodies(again)).toEqual(['before', 'after']);
    expect(again.warnings).toEqual([]);
  });

  test('one shard that cannot be written does not keep another from it', () => {
    const journal = folder.openJournal({
      calls: {
        fdatasyncSync: fs.fdatasyncSync,
        writevSync(fd, buffers, position) {
          if (fs.readlinkSync(`/proc/self/fd/${fd}`).includes('shard-1')) throw diskFull();
          return fs.writevSync(fd, buffers, position);
        },
      },
    });
    journal.declare(2);
    for (const shard of [0, 1]) journal.append(shard, record('x'));
    const { ends, refused } = journal.commit();
    expect([...ends.keys()]).toEqual([0]);
    expect([...refused.keys()]).toEqual([1]);
  });

  test('a write that takes only part is continued', () => {
    const journal = folder.openJournal({
      calls: {
        fdatasyncSync: fs.fdatasyncSync,
        writevSync(fd, buffers, position) {
          const bytes = Buffer.concat(buffers as Uint8Array[]).subarray(0, 50);
          return fs.writevSync(fd, [bytes], position);
        },
      },
    });
    append(journal, ...texts(10));
    expect(bodies(journal)).toEqual(texts(10));
  });

  test('a sync that fails ends the journal; nothing of it is shown as stored', () => {
    let broken = false;
    const journal = folder.openJournal({
      calls: {
        writevSync: fs.writevSync,
        fdatasyncSync(fd) {
          if (broken) throw new Error('EIO: i/o error, fdatasync');
          fs.fdatasyncSync(fd);
        },
      },
    });
    append(journal, 'stored');
    broken = true;
    journal.append(0, record('not confirmed'));
    expect(() => journal.commit()).toThrow(JournalFailed);
    expect(bodies(journal)).toEqual(['stored']);
  });
});

/** A disk behind a page cache that, as Linux does, forgets after a failed sync which pages the disk never got. */
class ForgetfulDisk {
  failing = false;
  #dirty: { fd: number; bytes: Buffer; position: number }[] = [];
  readonly #stored = new Map<number, Buffer>();

  readonly calls: WriteCalls = {
    writevSync: (fd, buffers, position) => {
      this.#dirty.push({ fd, bytes: Buffer.concat(buffers as Uint8Array[]), position: position! });
      return fs.writevSync(fd, buffers, position);
    },
    fdatasyncSync: (fd) => {
      const dirty = this.#dirty;
      this.#dirty = [];
      if (this.failing) throw new Error('EIO: i/o error, fdatasync');
      const { ino } = fs.fstatSync(fd);
      for (const { bytes, position } of dirty) {
        const before = this.#stored.get(ino) ?? Buffer.alloc(0);
        const after = Buffer.alloc(Math.max(before.length, position + bytes.length));
        before.copy(after);
        bytes.copy(after, position);
        this.#stored.set(ino, after);
      }
    },
  };

  /** Leaves in the file what the disk got. */
  cutPower(path: string): void {
    fs.writeFileSync(path, this.#stored.get(fs.statSync(path).ino) ?? '');
  }
}

test('what is confirmed after a failed sync and a restart survives a power cut', () => {
  const disk = new ForgetfulDisk();
  const journal = folder.openJournal({ calls: disk.calls });
  append(journal, 'before');
  disk.failing = true;
  journal.append(0, record('not confirmed'));
  expect(() => journal.commit()).toThrow(JournalFailed);
  folder.close(journal);

  disk.failing = false;
  const restarted = folder.openJournal({ calls: disk.calls });
  append(restarted, 'after');
  folder.close(restarted);
  disk.cutPower(folder.segments()[0]!);
  expect(bodies(folder.openJournal())).toEqual(['before', 'not confirmed', 'after']);
});

test('a commit syncs each shard that took records once, however many', () => {
  const journal = folder.openJournal();
  journal.declare(3);
  for (let index = 0; index < 100; index++) journal.append(index % 2, record(`${index}`));
  journal.commit();
  expect(journal.syncs).toBe(2);
  journal.commit();
  expect(journal.syncs).toBe(2);
});
