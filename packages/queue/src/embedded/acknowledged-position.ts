import * as fs from 'node:fs';
import { crc32 } from 'node:zlib';

const POSITION_BYTES = 8;
const FILE_BYTES = POSITION_BYTES + 4;

/**
 * The small file that remembers up to where a shard is acknowledged: `[u64le position][u32le CRC-32 of it]`. It is
 * never synced: the store applies a message once, so one that comes again after a power cut does no harm.
 */
export class AcknowledgedPosition {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT);
  }

  /** null: nothing was written yet, or it cannot be trusted. */
  read(): number | null {
    const bytes = Buffer.alloc(FILE_BYTES + 1);
    if (fs.readSync(this.#fd, bytes, 0, bytes.length, 0) !== FILE_BYTES) return null;
    if (crc32(bytes.subarray(0, POSITION_BYTES)) !== bytes.readUInt32LE(POSITION_BYTES)) return null;
    return Number(bytes.readBigUInt64LE(0));
  }

  write(position: number): void {
    const bytes = Buffer.alloc(FILE_BYTES);
    bytes.writeBigUInt64LE(BigInt(position), 0);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, POSITION_BYTES)), POSITION_BYTES);
    fs.writeSync(this.#fd, bytes, 0, bytes.length, 0);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
