const COLON = 0x3a;
const NEW_LINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const DIGIT_0 = 0x30;
const LOWER_CASE = 0x20;
const LENGTH = Buffer.from('content-length');

/** "HTTP/1.1 " comes before the status. */
const STATUS_AT = 9;
const STATUS_END = 12;

/**
 * Reads the answers of one connection, however they are cut: no more than what tells where each ends. Answers without
 * `content-length` are not for it.
 */
export class AnswerParser {
  readonly #onAnswer: (status: number) => void;
  /** Bytes of the body still to come; −1 while the head is read. */
  #body = -1;
  /** Line of the head, and place in it. */
  #line = 0;
  #column = 0;
  /** The name of the line is that of the length so far. */
  #isLength = true;
  #inValue = false;
  #status = 0;
  #length = -1;

  constructor(onAnswer: (status: number) => void) {
    this.#onAnswer = onAnswer;
  }

  /** Throws where an answer's end is not told. */
  read(data: Uint8Array): void {
    let at = 0;
    while (at < data.length) {
      if (this.#body < 0) {
        this.#readHead(data[at] ?? 0);
        at += 1;
      } else {
        const taken = Math.min(this.#body, data.length - at);
        this.#body -= taken;
        at += taken;
      }
      if (this.#body === 0) this.#end();
    }
  }

  #readHead(byte: number): void {
    if (byte === NEW_LINE) {
      this.#endLine();
      return;
    }
    if (byte === CARRIAGE_RETURN) return;
    if (this.#line === 0) {
      if (this.#column >= STATUS_AT && this.#column < STATUS_END) this.#status = this.#status * 10 + byte - DIGIT_0;
    } else if (this.#inValue) {
      if (byte >= DIGIT_0) this.#length = this.#length * 10 + byte - DIGIT_0;
    } else if (this.#isLength) {
      if (byte === COLON && this.#column === LENGTH.length) {
        this.#inValue = true;
        this.#length = 0;
      } else this.#isLength = (byte | LOWER_CASE) === LENGTH[this.#column];
    }
    this.#column += 1;
  }

  #endLine(): void {
    const empty = this.#column === 0;
    this.#line += 1;
    this.#column = 0;
    this.#isLength = true;
    this.#inValue = false;
    if (!empty) return;
    if (this.#length < 0) throw new Error('An answer came without content-length.');
    this.#body = this.#length;
  }

  #end(): void {
    const status = this.#status;
    this.#body = -1;
    this.#line = 0;
    this.#status = 0;
    this.#length = -1;
    this.#onAnswer(status);
  }
}
