import { basename } from 'node:path';

import { JournalCorrupt } from './errors.ts';
import { checkNoGap, cutTail, dropAcknowledged, endOf, listSegments, recordEnds, type Segment } from './segments.ts';

export interface Recovered {
  /** In order; empty for a new shard. */
  readonly segments: Segment[];
  readonly acknowledged: number;
  /** Whole records after `acknowledged`. */
  readonly waiting: number;
  /** A sentence about each thing that was repaired. */
  readonly warnings: readonly string[];
}

/**
 * Brings a shard's folder into order after whatever ended the last run: an unfinished write at the end of the last
 * segment is cut off and put aside. `remembered` is the acknowledged position, null when it is not known: then
 * everything that is still there is delivered again. Throws {@link JournalCorrupt}.
 */
export function recoverShard(directory: string, remembered: number | null): Recovered {
  const segments = listSegments(directory);
  const last = segments.at(-1);
  if (last === undefined) return { segments, acknowledged: 0, waiting: 0, warnings: [] };

  const lastScan = scanSegment(last, remembered);
  if (remembered !== null && remembered > lastScan.end) {
    throw new JournalCorrupt(
      `The journal ${last.path} is damaged or cut short at byte ${lastScan.end - last.first}, before the position ` +
        `${remembered} up to which votes were taken from it, so accepted votes may be missing. Put back the whole ` +
        'file, or delete the file "acknowledged" beside it to go on with what is left.',
    );
  }
  dropAcknowledged(segments, remembered ?? 0);
  checkNoGap(segments);
  const scans = segments.map((segment) => (segment === last ? lastScan : scanWhole(segment, remembered)));
  const warnings: string[] = [];
  if (lastScan.end < endOf(last)) {
    const cut = endOf(last) - lastScan.end;
    const aside = cutTail(last, lastScan.end - last.first);
    warnings.push(`Cut ${cut} bytes of an unfinished write off ${last.path}; they are kept in ${basename(aside)}.`);
  }

  const records = scans.reduce((sum, scan) => sum + scan.records, 0);
  const taken = scans.reduce((sum, scan) => sum + scan.taken, 0);
  const oldest = segments[0]?.first ?? 0;
  return { segments, acknowledged: taken > 0 ? (remembered ?? oldest) : oldest, waiting: records - taken, warnings };
}

interface SegmentScan {
  /** Position where its last whole record ends. */
  readonly end: number;
  readonly records: number;
  /** Records up to the remembered position; 0 when none of them ends there. */
  readonly taken: number;
}

function scanSegment(segment: Segment, remembered: number | null): SegmentScan {
  let end = segment.first;
  let records = 0;
  let taken = 0;
  for (end of recordEnds(segment)) {
    records += 1;
    if (end === remembered) taken = records;
  }
  return { end, records, taken };
}

/** Scans a segment that must be valid to its last byte: a crash can leave only the last one unfinished. */
function scanWhole(segment: Segment, remembered: number | null): SegmentScan {
  const scan = scanSegment(segment, remembered);
  if (scan.end === endOf(segment)) return scan;
  throw new JournalCorrupt(
    `The journal ${segment.path} is damaged at byte ${scan.end - segment.first}, so accepted votes may be missing. ` +
      'Put back the whole file, or move the folder away to start with an empty queue.',
  );
}
