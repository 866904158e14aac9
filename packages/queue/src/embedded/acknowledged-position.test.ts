import * as fs from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { JournalCorrupt } from './errors.ts';
import { append, bodies, flip, JournalFolder, record, texts } from './fixtures/journal-folder.ts';
import { Journal } from './journal.ts';

let folder: JournalFolder;
beforeEach(() => {
  folder = new JournalFolder();
});
afterEach(() => folder.remove());

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
    const journal = folder.openJournal();
    append(journal, ...texts(4));
    journal.acknowledge(0, 2 * size);
    folder.close(journal);
    harm(join(folder.shard, 'acknowledged'));
    expect(bodies(folder.openJournal())).toEqual(texts(4));
  });

  test('inside a record is not believed', () => {
    const journal = folder.openJournal();
    append(journal, ...texts(4));
    journal.acknowledge(0, 2 * size + 1);
    folder.close(journal);
    const again = folder.openJournal();
    expect(bodies(again)).toEqual(texts(4));
    expect(again.states[0]!.waiting).toBe(4);
  });

  test.each<{ title: string; harm: () => void }>([
    { title: 'damage before it', harm: () => flip(folder.segments()[0]!, size + 10, 1) },
    { title: 'an end before it', harm: () => fs.truncateSync(folder.segments()[0]!, 2 * size) },
  ])('$title is no torn write: refuses to open and cuts nothing', ({ harm }) => {
    const journal = folder.openJournal();
    append(journal, ...texts(4));
    journal.acknowledge(0, 3 * size);
    folder.close(journal);
    harm();
    const before = fs.readFileSync(folder.segments()[0]!);
    expect(() => new Journal({ directory: folder.directory })).toThrow(JournalCorrupt);
    expect(fs.readFileSync(folder.segments()[0]!)).toEqual(before);
  });
});
