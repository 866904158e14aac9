/** The journal on disk is damaged where no crash can have left it unfinished; nothing was changed. */
export class JournalCorrupt extends Error {
  override readonly name = 'JournalCorrupt';
}

/**
 * The disk did not confirm a sync, or a file could not be put back as it was. What the page cache holds is then no
 * proof of what the disk holds, and a second sync may succeed without having written anything: whoever sees this must
 * stop and start again from the disk.
 */
export class JournalFailed extends Error {
  override readonly name = 'JournalFailed';
}
