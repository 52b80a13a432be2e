import { Transform, type TransformCallback } from 'node:stream';

/** How the program in a container ended, as the shell that waited for it told. */
export interface ToldEnd {
  status: number;
  /** Processes that were still there then. */
  survivors: number;
}

/** Of what an engine says before the start. */
const MOST_WORDS = 64 * 1024;

/**
 * The stderr of a container, on which a shell of ours speaks too: a sign that nobody can guess before the program
 * begins, and at the end a line with the sign and how it ended. Only what lies between them passes through; what the
 * engine says before is kept as `words`, what comes after the end is dropped.
 */
export class SignedOutput extends Transform {
  /** What was said before the start. */
  words = '';
  told: ToldEnd | undefined;
  /** Resolves with the shell's word: `up`, or `missing` where there is no such program; with undefined at the end. */
  readonly started: Promise<string | undefined>;
  #start: (word: string | undefined) => void = () => {};
  readonly #sign: string;
  readonly #endMark: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #isUp = false;

  constructor(sign: string) {
    super();
    this.#sign = sign;
    this.#endMark = Buffer.from(`\n${sign} end `);
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (!this.#isUp) this.#listen();
    if (this.#isUp) this.#pass();
    done();
  }

  override _flush(done: TransformCallback): void {
    if (this.#isUp && !this.told) this.push(this.#held);
    else if (!this.#isUp) this.words = this.#held.toString('utf8');
    this.#start(undefined);
    done();
  }

  #listen(): void {
    const text = this.#held.toString('latin1');
    const found = new RegExp(`(^|\\n)${this.#sign} (\\w+)\\n`).exec(text);
    if (!found) {
      if (this.#held.length > MOST_WORDS) this.#held = this.#held.subarray(-MOST_WORDS);
      return;
    }
    this.words = this.#held.toString('utf8', 0, found.index);
    this.#held = this.#held.subarray(found.index + found[0].length);
    this.#isUp = true;
    this.#start(found[2]);
  }

  #pass(): void {
    const at = this.#held.indexOf(this.#endMark);
    const safe = at === -1 ? this.#held.length - this.#possibleMark() : at;
    if (safe > 0) this.push(this.#held.subarray(0, safe));
    this.#held = this.#held.subarray(safe);
    if (at === -1) return;
    const line = / end (\d+) (\d+)\n/.exec(this.#held.toString('latin1'));
    if (line) this.told = { status: Number(line[1]), survivors: Number(line[2]) };
  }

  /** How many bytes at the end may be the beginning of the last line. */
  #possibleMark(): number {
    for (let length = Math.min(this.#endMark.length - 1, this.#held.length); length > 0; length--)
      if (this.#held.subarray(-length).equals(this.#endMark.subarray(0, length))) return length;
    return 0;
  }
}
