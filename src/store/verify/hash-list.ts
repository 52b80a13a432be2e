const WIDTH = 32;
/** A number this far beyond the others is damage, and no reason to make room. */
const FAR = 1 << 20;

/** SHA-256 hashes by number, in 33 bytes each: a log may have millions of lines. */
export class HashList {
  #bytes = Buffer.alloc(0);
  #isThere = new Uint8Array(0);
  readonly #far = new Map<number, string>();

  set(seq: number, hash: string): void {
    if (seq >= this.#isThere.length && !this.#grow(seq)) {
      this.#far.set(seq, hash);
      return;
    }
    // Whatever is no hash is kept as it is.
    if (hash.length === 2 * WIDTH && this.#bytes.write(hash, seq * WIDTH, 'hex') === WIDTH) this.#isThere[seq] = 1;
    else {
      this.#isThere[seq] = 0;
      this.#far.set(seq, hash);
    }
  }

  has(seq: number): boolean {
    return this.#isThere[seq] === 1 || (this.#far.size > 0 && this.#far.has(seq));
  }

  get(seq: number): string | undefined {
    if (this.#isThere[seq] !== 1) return this.#far.get(seq);
    return this.#bytes.toString('hex', seq * WIDTH, (seq + 1) * WIDTH);
  }

  #grow(seq: number): boolean {
    const size = this.#isThere.length;
    if (seq > 2 * size + FAR) return false;
    const wanted = Math.max(seq + 1, Math.min(2 * size, size + FAR), 256);
    const isThere = new Uint8Array(wanted);
    isThere.set(this.#isThere);
    const bytes = Buffer.alloc(wanted * WIDTH);
    this.#bytes.copy(bytes);
    this.#isThere = isThere;
    this.#bytes = bytes;
    return true;
  }
}
