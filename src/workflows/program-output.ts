import { KeyLines } from '../redaction/private-keys.ts';
import { CUT_WINDOW, safeCut } from '../redaction/safe-cut.ts';
import type { Redact } from './lazy-redactor.ts';

/** Bytes of a program's output that go on record. */
const KEPT_BYTES = 16 * 1024;
/** So many are looked at: what the front cuts in two, a long private key too, lies in the part that goes. */
export const SEEN_BYTES = 2 * KEPT_BYTES;

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** The bytes as text; a character cut at the front is dropped, not shown as garbage. */
const decode = (bytes: Buffer): string => {
  let start = 0;
  while (start < 4 && isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start).toString('utf8');
};

/** The end of a program's output, its secrets taken out while what stands before them is still there. */
export const redactedTail = async (redact: Redact, seen: Buffer): Promise<string> => {
  const clean = await redact(decode(seen));
  const bytes = Buffer.from(clean);
  if (bytes.length <= KEPT_BYTES) return clean;
  const kept = decode(bytes.subarray(bytes.length - KEPT_BYTES));
  // Half a placeholder says nothing.
  return kept.replace(/^[A-Z]{0,8}:?[a-z0-9-]{0,40}:?[0-9a-f]{0,8}\](?=[^[]|$)/, '');
};

/**
 * A program's output on its way to a person, without its secrets: let out line by line, for a chunk may end within one.
 * A beginning of a line that is nothing but marks (`....`) is shown at once.
 */
export class LiveOutput {
  readonly #redact: Redact;
  readonly #show: (text: string) => void;
  readonly #key = new KeyLines();
  #held = '';
  #work: Promise<void> = Promise.resolve();

  constructor(redact: Redact, show: (text: string) => void) {
    this.#redact = redact;
    this.#show = show;
  }

  push(text: string): void {
    this.#work = this.#work.then(() => this.#take(text));
  }

  /** Resolves when all of it was shown. */
  async end(): Promise<void> {
    this.push('');
    await this.#work;
    const rest = this.#held;
    this.#held = '';
    await this.#lines(rest);
  }

  async #take(text: string): Promise<void> {
    const all = this.#held + text;
    let cut = all.lastIndexOf('\n') + 1;
    if (/^[.\s*+·✓✔✗]*$/.test(all.slice(cut))) cut = all.length;
    else if (all.length - cut > 4 * CUT_WINDOW) cut += await safeCut(all.slice(cut), this.#redact);
    this.#held = all.slice(cut);
    await this.#lines(all.slice(0, cut));
  }

  /** Lines inside a private key one by one, all others together. */
  async #lines(text: string): Promise<void> {
    let plain = '';
    for (const line of text.split(/(?<=\n)/)) {
      if (!this.#key.isBody(line)) {
        plain += line;
        continue;
      }
      if (plain !== '') this.#show(await this.#redact(plain));
      plain = '';
      this.#show(await this.#redact(line, 'key-body'));
    }
    if (plain !== '') this.#show(await this.#redact(plain));
  }
}
