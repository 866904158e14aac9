import { crc32 } from 'node:zlib';

import type { MessageHeaders } from '@voteapp/contracts/message';

/** `[u32le length of the payload][u32le CRC-32 of the payload]` */
const HEAD_BYTES = 8;

/** A longer length than this is not believed, whatever follows it. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;
export const MAX_RECORD_BYTES = HEAD_BYTES + MAX_PAYLOAD_BYTES;

/**
 * One message as the journal stores it: the head, then `[u16le length of the headers][headers as JSON][body]`. The
 * memory is the record's own, so it can be transferred. Throws RangeError when the message is over 1 MiB.
 */
export function encodeRecord(headers: MessageHeaders, body: Uint8Array): Buffer<ArrayBuffer> {
  const text = JSON.stringify(headers);
  const textBytes = Buffer.byteLength(text);
  const payloadBytes = 2 + textBytes + body.byteLength;
  if (payloadBytes > MAX_PAYLOAD_BYTES) {
    throw new RangeError(
      `A message takes at most ${MAX_PAYLOAD_BYTES} bytes in the journal; this one ${payloadBytes}.`,
    );
  }
  const record = Buffer.allocUnsafeSlow(HEAD_BYTES + payloadBytes);
  record.writeUInt16LE(textBytes, HEAD_BYTES);
  record.write(text, HEAD_BYTES + 2);
  record.set(body, HEAD_BYTES + 2 + textBytes);
  record.writeUInt32LE(payloadBytes, 0);
  record.writeUInt32LE(crc32(record.subarray(HEAD_BYTES)), 4);
  return record;
}

export interface ScannedRecord {
  readonly payload: Buffer;
  /** Where the next record starts, counted from the start of the scanned bytes. */
  readonly end: number;
}

/** The whole, undamaged records that the bytes begin with, and where (`validBytes`) they end. */
export function scanRecords(bytes: Buffer): { records: ScannedRecord[]; validBytes: number } {
  const records: ScannedRecord[] = [];
  let start = 0;
  while (bytes.length - start >= HEAD_BYTES) {
    const payloadBytes = bytes.readUInt32LE(start);
    const end = start + HEAD_BYTES + payloadBytes;
    // Zeros are what a file system leaves where a file grew but its data never arrived.
    if (payloadBytes === 0 || payloadBytes > MAX_PAYLOAD_BYTES || end > bytes.length) break;
    const payload = bytes.subarray(start + HEAD_BYTES, end);
    if (crc32(payload) !== bytes.readUInt32LE(start + 4)) break;
    records.push({ payload, end });
    start = end;
  }
  return { records, validBytes: start };
}

/** The parts of an undamaged payload; `body` is a view of it. */
export function decodePayload(payload: Buffer): { headers: MessageHeaders; body: Buffer } {
  const bodyStart = 2 + payload.readUInt16LE(0);
  return {
    headers: JSON.parse(payload.toString('utf8', 2, bodyStart)) as MessageHeaders,
    body: payload.subarray(bodyStart),
  };
}
