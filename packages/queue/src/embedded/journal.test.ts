import * as fs from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { JournalCorrupt } from './errors.ts';
import { acknowledged, append, bodies, end, flip, JournalFolder, record, texts } from './fixtures/journal-folder.ts';
import { Journal } from './journal.ts';

let folder: JournalFolder;
beforeEach(() => {
  folder = new JournalFolder();
});
afterEach(() => folder.remove());

describe('a journal that was cut short', () => {
  test('at every byte of its last two records: whole records stay, appending goes on, nothing is lost silently', () => {
    const stored = ['one', 'two', 'three, a little longer', 'four'];
    append(folder.openJournal(), ...stored);
    const [path] = folder.segments();
    const bytes = fs.readFileSync(path!);
    const ends = stored.map((_, index) => Buffer.concat(stored.slice(0, index + 1).map(record)).length);
    for (let cut = ends[1]!; cut <= bytes.length; cut++) {
      fs.rmSync(folder.shard, { recursive: true });
      fs.mkdirSync(folder.shard);
      fs.writeFileSync(path!, bytes.subarray(0, cut));
      const whole = stored.filter((_, index) => ends[index]! <= cut);
      const torn = cut - (ends[whole.length - 1] ?? 0);

      const journal = folder.openJournal();
      expect(bodies(journal), `cut at byte ${cut}`).toEqual(whole);
      expect(journal.states[0]!.waiting).toBe(whole.length);
      expect(journal.warnings).toHaveLength(torn === 0 ? 0 : 1);
      const aside = folder.asideFiles().map((name) => fs.readFileSync(join(folder.shard, name)));
      expect(Buffer.concat(aside)).toEqual(bytes.subarray(cut - torn, cut));
      append(journal, 'next');
      folder.close(journal);

      const again = folder.openJournal();
      expect(bodies(again)).toEqual([...whole, 'next']);
      expect(again.warnings).toEqual([]);
      folder.close(again);
    }
  });

  test('with any damage in the tail: exactly the records before the damage, then appending goes on', () => {
    const stored = texts(6);
    append(folder.openJournal(), ...stored);
    const [path] = folder.segments();
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
        fs.rmSync(folder.shard, { recursive: true });
        fs.mkdirSync(folder.shard);
        fs.writeFileSync(path!, damaged);

        const expected = stored.slice(0, Math.floor(Math.min(cut, ...touched.keys()) / size));
        const journal = folder.openJournal();
        expect(bodies(journal)).toEqual(expected);
        append(journal, 'next');
        folder.close(journal);
        const again = folder.openJournal();
        expect(bodies(again)).toEqual([...expected, 'next']);
        folder.close(again);
      }),
    );
  });

  test('twice at the same place: both ends are kept', () => {
    const whole = record('whole');
    append(folder.openJournal(), 'whole');
    const [path] = folder.segments();
    for (const torn of ['first torn write', 'second']) {
      fs.appendFileSync(path!, torn);
      const journal = folder.openJournal();
      expect(journal.warnings[0]).toContain(`.torn-${whole.length}`);
      folder.close(journal);
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
    const journal = folder.openJournal(options);
    appendOneByOne(journal, texts(10));
    const perSegment = Math.ceil(SEGMENT_BYTES / size);
    const names = folder.segments().map((path) => Number(/(\d{20})\.journal$/.exec(path)?.[1]));
    expect(names).toEqual(Array.from({ length: Math.ceil(10 / perSegment) }, (_, index) => index * perSegment * size));
    expect(bodies(journal)).toEqual(texts(10));
  });

  test('deletes those wholly acknowledged, and knows after a restart where it was', () => {
    const journal = folder.openJournal(options);
    appendOneByOne(journal, texts(10));
    const before = folder.segments();
    journal.acknowledge(0, 7 * size);
    const left = folder.segments();
    expect(left.length).toBeLessThan(before.length);
    expect(left).toEqual(before.slice(-left.length));
    expect(bodies(journal)).toEqual(texts(3, 7));
    folder.close(journal);

    const again = folder.openJournal(options);
    expect(acknowledged(again)).toBe(7 * size);
    expect(again.states[0]!.waiting).toBe(3);
    again.acknowledge(0, end(again));
    expect(folder.segments()).toHaveLength(1);
    folder.close(again);

    const empty = folder.openJournal(options);
    expect(bodies(empty)).toEqual([]);
    appendOneByOne(empty, texts(5, 10));
    expect(bodies(empty)).toEqual(texts(5, 10));
    expect(end(empty)).toBe(10 * size + 5 * record('message 10').length);
  });

  test('catches up on deleting when it is opened', () => {
    const journal = folder.openJournal(options);
    appendOneByOne(journal, texts(10));
    const [oldest] = folder.segments();
    const bytes = fs.readFileSync(oldest!);
    journal.acknowledge(0, 9 * size);
    folder.close(journal);
    fs.writeFileSync(oldest!, bytes);
    expect(bodies(folder.openJournal(options))).toEqual(texts(1, 9));
    expect(folder.segments()).not.toContain(oldest);
  });

  test('an older acknowledgement does not undo a later one', () => {
    const journal = folder.openJournal(options);
    appendOneByOne(journal, texts(4));
    journal.acknowledge(0, 3 * size);
    journal.acknowledge(0, size);
    expect(bodies(journal)).toEqual(texts(1, 3));
  });

  test.each<{ title: string; harm: () => void; sentence: RegExp }>([
    {
      title: 'a damaged byte before the last segment',
      harm: () => flip(folder.segments()[1]!, 20, 1),
      sentence: /\.journal is damaged at byte 0, so accepted votes may be missing/,
    },
    {
      title: 'a segment before the last that ends too early',
      harm: () => fs.truncateSync(folder.segments()[1]!, size + 3),
      sentence: /ends at .*, but the next one is .*: accepted votes are missing/,
    },
    {
      title: 'a missing segment',
      harm: () => fs.rmSync(folder.segments()[1]!),
      sentence: /ends at .*, but the next one is .*: accepted votes are missing/,
    },
  ])('$title: refuses to open and changes nothing', ({ harm, sentence }) => {
    const journal = folder.openJournal(options);
    appendOneByOne(journal, texts(20));
    folder.close(journal);
    harm();
    const before = folder.segments().map((path) => fs.readFileSync(path));
    expect(() => new Journal({ directory: folder.directory })).toThrow(JournalCorrupt);
    expect(() => new Journal({ directory: folder.directory })).toThrow(sentence);
    expect(folder.segments().map((path) => fs.readFileSync(path))).toEqual(before);
  });
});
