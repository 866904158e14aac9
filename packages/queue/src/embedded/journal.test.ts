import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { WriteCalls } from './durable-files.ts';
import { JournalCorrupt, JournalFailed } from './errors.ts';
import { Journal, type JournalOptions } from './journal.ts';
import { decodePayload, encodeRecord, scanRecords } from './record.ts';

let directory: string;
let open: Journal[];

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'voteapp-journal-'));
  open = [];
});

afterEach(() => {
  for (const journal of open) journal.close();
  fs.rmSync(directory, { recursive: true });
});

function openJournal(options: Partial<JournalOptions> = {}): Journal {
  const journal = new Journal({ directory, ...options });
  open.push(journal);
  journal.declare(1);
  return journal;
}

function close(journal: Journal): void {
  journal.close();
  open = open.filter((each) => each !== journal);
}

function record(text: string): Buffer {
  return encodeRecord({ sentAt: 1, votes: 1 }, Buffer.from(text));
}

function append(journal: Journal, ...texts: string[]): void {
  for (const text of texts) journal.append(0, record(text));
  expect([...journal.commit().refused.values()]).toEqual([]);
}

function acknowledged(journal: Journal): number {
  return journal.states[0]!.acknowledged;
}

function end(journal: Journal): number {
  return journal.states[0]!.end;
}

/** The bodies from the acknowledged position on. */
function bodies(journal: Journal): string[] {
  const found: string[] = [];
  for (let position = acknowledged(journal); position < end(journal);) {
    const { records, validBytes } = scanRecords(journal.read(0, position));
    expect(validBytes).toBeGreaterThan(0);
    found.push(...records.map(({ payload }) => decodePayload(payload).body.toString()));
    position += validBytes;
  }
  return found;
}

function shardFolder(): string {
  return join(directory, 'shard-0');
}

/** Paths of the segments, oldest first. */
function segments(): string[] {
  return fs
    .readdirSync(shardFolder())
    .filter((name) => name.endsWith('.journal'))
    .sort()
    .map((name) => join(shardFolder(), name));
}

function asideFiles(): string[] {
  return fs.readdirSync(shardFolder()).filter((name) => name.includes('.torn-'));
}

function flip(path: string, offset: number, mask: number): void {
  const bytes = fs.readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ mask, offset);
  fs.writeFileSync(path, bytes);
}

function texts(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}

describe('a journal that was cut short', () => {
  test('at every byte of its last two records: whole records stay, appending goes on, nothing is lost silently', () => {
    const stored = ['one', 'two', 'three, a little longer', 'four'];
    append(openJournal(), ...stored);
    const [path] = segments();
    const bytes = fs.readFileSync(path!);
    const ends = stored.map((_, index) => Buffer.concat(stored.slice(0, index + 1).map(record)).length);
    for (let cut = ends[1]!; cut <= bytes.length; cut++) {
      fs.rmSync(shardFolder(), { recursive: true });
      fs.mkdirSync(shardFolder());
      fs.writeFileSync(path!, bytes.subarray(0, cut));
      const whole = stored.filter((_, index) => ends[index]! <= cut);
      const torn = cut - (ends[whole.length - 1] ?? 0);

      const journal = openJournal();
      expect(bodies(journal), `cut at byte ${cut}`).toEqual(whole);
      expect(journal.states[0]!.waiting).toBe(whole.length);
      expect(journal.warnings).toHaveLength(torn === 0 ? 0 : 1);
      const aside = asideFiles().map((name) => fs.readFileSync(join(shardFolder(), name)));
      expect(Buffer.concat(aside)).toEqual(bytes.subarray(cut - torn, cut));
      append(journal, 'next');
      close(journal);

      const again = openJournal();
      expect(bodies(again)).toEqual([...whole, 'next']);
      expect(again.warnings).toEqual([]);
      close(again);
    }
  });

  test('with any damage in the tail: exactly the records before the damage, then appending goes on', () => {
    const stored = texts(6);
    append(openJournal(), ...stored);
    const [path] = segments();
    const bytes = fs.readFileSync(path!);
    const size = record('message 0').length;
    const tail = 3 * size;
    const damage = fc.array(
      fc.tuple(fc.integer({ min: tail, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(damage, fc.integer({ min: tail, max: bytes.length }), (flips, cut) => {
        const damaged = Buffer.from(bytes.subarray(0, cut));
        const touched = new Map<number, number>();
        for (const [offset, mask] of flips) if (offset < cut) touched.set(offset, mask);
        for (const [offset, mask] of touched) damaged.writeUInt8(damaged.readUInt8(offset) ^ mask, offset);
        fs.rmSync(shardFolder(), { recursive: true });
        fs.mkdirSync(shardFolder());
        fs.writeFileSync(path!, damaged);

        const expected = stored.slice(0, Math.floor(Math.min(cut, ...touched.keys()) / size));
        const journal = openJournal();
        expect(bodies(journal)).toEqual(expected);
        append(journal, 'next');
        close(journal);
        const again = openJournal();
        expect(bodies(again)).toEqual([...expected, 'next']);
        close(again);
      }),
    );
  });

  test('twice at the same place: both ends are kept', () => {
    const whole = record('whole');
    append(openJournal(), 'whole');
    const [path] = segments();
    for (const torn of ['first torn write', 'second']) {
      fs.appendFileSync(path!, torn);
      const journal = openJournal();
      expect(journal.warnings[0]).toContain(`.torn-${whole.length}`);
      close(journal);
    }
    expect(fs.readFileSync(`${path}.torn-${whole.length}`, 'utf8')).toBe('first torn writesecond');
  });
});

describe('a journal of several segments', () => {
  const SEGMENT_BYTES = 200;
  const options = { segmentBytes: SEGMENT_BYTES };
  const size = record('message 0').length;

  function appendOneByOne(journal: Journal, all: readonly string[]): void {
    for (const text of all) append(journal, text);
  }

  test('is read across them, and names each by the position of its first record', () => {
    const journal = openJournal(options);
    appendOneByOne(journal, texts(10));
    const perSegment = Math.ceil(SEGMENT_BYTES / size);
    const names = segments().map((path) => Number(/(\d{20})\.journal$/.exec(path)?.[1]));
    expect(names).toEqual(Array.from({ length: Math.ceil(10 / perSegment) }, (_, index) => index * perSegment * size));
    expect(bodies(journal)).toEqual(texts(10));
  });

  test('deletes those wholly acknowledged, and knows after a restart where it was', () => {
    const journal = openJournal(options);
    appendOneByOne(journal, texts(10));
    const before = segments();
    journal.acknowledge(0, 7 * size);
    const left = segments();
    expect(left.length).toBeLessThan(before.length);
    expect(left).toEqual(before.slice(-left.length));
    expect(bodies(journal)).toEqual(texts(3, 7));
    close(journal);

    const again = openJournal(options);
    expect(acknowledged(again)).toBe(7 * size);
    expect(again.states[0]!.waiting).toBe(3);
    again.acknowledge(0, end(again));
    expect(segments()).toHaveLength(1);
    close(again);

    const empty = openJournal(options);
    expect(bodies(empty)).toEqual([]);
    appendOneByOne(empty, texts(5, 10));
    expect(bodies(empty)).toEqual(texts(5, 10));
    expect(end(empty)).toBe(10 * size + 5 * record('message 10').length);
  });

  test('catches up on deleting when it is opened', () => {
    const journal = openJournal(options);
    appendOneByOne(journal, texts(10));
    const [oldest] = segments();
    const bytes = fs.readFileSync(oldest!);
    journal.acknowledge(0, 9 * size);
    close(journal);
    fs.writeFileSync(oldest!, bytes);
    expect(bodies(openJournal(options))).toEqual(texts(1, 9));
    expect(segments()).not.toContain(oldest);
  });

  test('an older acknowledgement does not undo a later one', () => {
    const journal = openJournal(options);
    appendOneByOne(journal, texts(4));
    journal.acknowledge(0, 3 * size);
    journal.acknowledge(0, size);
    expect(bodies(journal)).toEqual(texts(1, 3));
  });

  test.each<{ title: string; harm: () => void; sentence: RegExp }>([
    {
      title: 'a damaged byte before the last segment',
      harm: () => flip(segments()[1]!, 20, 1),
      sentence: /\.journal is damaged at byte 0, so accepted votes may be missing/,
    },
    {
      title: 'a segment before the last that ends too early',
      harm: () => fs.truncateSync(segments()[1]!, size + 3),
      sentence: /ends at .*, but the next one is .*: accepted votes are missing/,
    },
    {
      title: 'a missing segment',
      harm: () => fs.rmSync(segments()[1]!),
      sentence: /ends at .*, but the next one is .*: accepted votes are missing/,
    },
  ])('$title: refuses to open and changes nothing', ({ harm, sentence }) => {
    const journal = openJournal(options);
    appendOneByOne(journal, texts(20));
    close(journal);
    harm();
    const before = segments().map((path) => fs.readFileSync(path));
    expect(() => new Journal({ directory })).toThrow(JournalCorrupt);
    expect(() => new Journal({ directory })).toThrow(sentence);
    expect(segments().map((path) => fs.readFileSync(path))).toEqual(before);
  });
});

describe('the acknowledged position', () => {
  const size = record('message 0').length;

  test.each<{ title: string; harm: (path: string) => void }>([
    { title: 'is missing', harm: (path) => fs.rmSync(path) },
    { title: 'is empty', harm: (path) => fs.truncateSync(path, 0) },
    { title: 'is cut short', harm: (path) => fs.truncateSync(path, 11) },
    { title: 'is too long', harm: (path) => fs.appendFileSync(path, 'x') },
    { title: 'has a wrong byte', harm: (path) => flip(path, 0, 4) },
    { title: 'has a wrong checksum', harm: (path) => flip(path, 9, 4) },
  ])('$title: everything that is still there is delivered again', ({ harm }) => {
    const journal = openJournal();
    append(journal, ...texts(4));
    journal.acknowledge(0, 2 * size);
    close(journal);
    harm(join(shardFolder(), 'acknowledged'));
    expect(bodies(openJournal())).toEqual(texts(4));
  });

  test('inside a record is not believed', () => {
    const journal = openJournal();
    append(journal, ...texts(4));
    journal.acknowledge(0, 2 * size + 1);
    close(journal);
    const again = openJournal();
    expect(bodies(again)).toEqual(texts(4));
    expect(again.states[0]!.waiting).toBe(4);
  });

  test.each<{ title: string; harm: () => void }>([
    { title: 'damage before it', harm: () => flip(segments()[0]!, size + 10, 1) },
    { title: 'an end before it', harm: () => fs.truncateSync(segments()[0]!, 2 * size) },
  ])('$title is no torn write: refuses to open and cuts nothing', ({ harm }) => {
    const journal = openJournal();
    append(journal, ...texts(4));
    journal.acknowledge(0, 3 * size);
    close(journal);
    harm();
    const before = fs.readFileSync(segments()[0]!);
    expect(() => new Journal({ directory })).toThrow(JournalCorrupt);
    expect(fs.readFileSync(segments()[0]!)).toEqual(before);
  });
});

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
    const journal = openJournal({ calls });
    append(journal, 'before');
    const size = fs.statSync(segments()[0]!).size;
    full = true;
    for (const text of ['lost', 'lost too']) journal.append(0, record(text));
    expect([...journal.commit().refused]).toEqual([[0, expect.stringContaining('ENOSPC')]]);
    expect(fs.statSync(segments()[0]!).size).toBe(size);
    expect(bodies(journal)).toEqual(['before']);
    full = false;
    append(journal, 'after');
    close(journal);
    const again = openJournal();
    expect(bodies(again)).toEqual(['before', 'after']);
    expect(again.warnings).toEqual([]);
  });

  test('one shard that cannot be written does not keep another from it', () => {
    const journal = openJournal({
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
    const journal = openJournal({
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
    const journal = openJournal({
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
  const journal = openJournal({ calls: disk.calls });
  append(journal, 'before');
  disk.failing = true;
  journal.append(0, record('not confirmed'));
  expect(() => journal.commit()).toThrow(JournalFailed);
  close(journal);

  disk.failing = false;
  const restarted = openJournal({ calls: disk.calls });
  append(restarted, 'after');
  close(restarted);
  disk.cutPower(segments()[0]!);
  expect(bodies(openJournal())).toEqual(['before', 'not confirmed', 'after']);
});

test('a commit syncs each shard that took records once, however many', () => {
  const journal = openJournal();
  journal.declare(3);
  for (let index = 0; index < 100; index++) journal.append(index % 2, record(`${index}`));
  journal.commit();
  expect(journal.syncs).toBe(2);
  journal.commit();
  expect(journal.syncs).toBe(2);
});
