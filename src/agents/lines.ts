/** One line of output, without its newline. A line over the cap comes in parts: all but the last have `more`. */
export interface Line {
  bytes: Buffer;
  more?: true;
}

/** Bytes of a line that are held until its end is seen. */
export const LINE_CAP = 32 << 20;
/** Bytes of each further part of a line that went over the cap. */
const PART_BYTES = 4 << 20;
const NEWLINE = 0x0a;

/**
 * Cuts bytes into lines at each newline byte and nowhere else: not at a carriage return, not at U+2028, not inside a
 * character. Memory is bounded by the cap, whatever comes.
 */
export class LineSplitter {
  readonly #cap: number;
  readonly #partBytes: number;
  #held: Buffer[] = [];
  #size = 0;
  /** A part of the current line has been given out. */
  #isOver = false;

  constructor(cap: number = LINE_CAP) {
    this.#cap = cap;
    this.#partBytes = Math.min(cap, PART_BYTES);
  }

  *push(chunk: Buffer): Generator<Line, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield* this.#hold(chunk.subarray(start, end));
      yield this.#take();
      start = end + 1;
    }
    yield* this.#hold(chunk.subarray(start));
  }

  /** What came after the last newline, if anything. */
  *end(): Generator<Line, void, undefined> {
    if (this.#size > 0 || this.#isOver) yield this.#take();
  }

  *#hold(bytes: Buffer): Generator<Line, void, undefined> {
    let rest = bytes;
    while (rest.length > 0) {
      const room = (this.#isOver ? this.#partBytes : this.#cap) - this.#size;
      const piece = rest.length > room ? rest.subarray(0, room) : rest;
      rest = rest.subarray(piece.length);
      this.#held.push(piece);
      this.#size += piece.length;
      if (rest.length === 0) return;
      yield { bytes: this.#join(), more: true };
      this.#isOver = true;
    }
  }

  #take(): Line {
    this.#isOver = false;
    return { bytes: this.#join() };
  }

  #join(): Buffer {
    const bytes = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#size);
    this.#held = [];
    this.#size = 0;
    return bytes;
  }
}
