const BLOCK = 512;
/** Bytes of a name in a header; a longer one has a record of its own. */
const LONGEST_NAME = 100;

export interface TarFile {
  readonly path: string;
  readonly content: string;
}

function octal(number: number, width: number): string {
  return `${number.toString(8).padStart(width - 1, '0')}\0`;
}

function padding(length: number): Buffer {
  return Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
}

function header(name: string, size: number, seconds: number, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, LONGEST_NAME, 'utf8');
  block.write(octal(0o600, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(seconds, 12), 136);
  // The checksum is of the header with blanks where it stands.
  block.fill(' ', 148, 156);
  block.write(type, 156);
  block.write('ustar', 257);
  block.write('00', 263);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

/** A record says its own length, the digits of it too. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function member(name: string, content: Buffer, seconds: number, type: '0' | 'x'): Buffer[] {
  return [header(name, content.length, seconds, type), content, padding(content.length)];
}

/**
 * The files as a tar archive (POSIX.1-2001 pax), readable by their owner alone.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13
 */
export function tarOf(files: readonly TarFile[], seconds: number): Buffer {
  const blocks = files.flatMap(({ path, content }) => {
    const file = member(path, Buffer.from(content), seconds, '0');
    if (Buffer.byteLength(path) <= LONGEST_NAME) return file;
    return [...member('path', Buffer.from(record('path', path)), seconds, 'x'), ...file];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}
