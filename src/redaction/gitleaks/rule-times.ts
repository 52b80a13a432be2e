/** After so many milliseconds a rule is judged by its speed … */
const GRACE_MS = 1_000;
/** … and goes when it looks through less than this in a millisecond (0.5 MB/s). */
const LEAST_PER_MS = 500;
const COMPILE_MS = 3_000;

interface Spent {
  ms: number;
  characters: number;
}

/**
 * What rules cost. A file with rules that take far too long, one or all together, must not hold up the work: the
 * dearest is given up, and told.
 */
export class RuleTimes {
  readonly #elapsed: () => number;
  readonly #tell: (problem: string) => void;
  readonly #spent = new Map<string, Spent>();
  readonly #retired = new Set<string>();
  #compileMs = 0;
  /** Since the last rule went: what all of them took for how much text. */
  #all: Spent = { ms: 0, characters: 0 };

  constructor(elapsed: () => number, tell: (problem: string) => void) {
    this.#elapsed = elapsed;
    this.#tell = tell;
  }

  isRetired(id: string): boolean {
    return this.#retired.has(id);
  }

  compiling<T>(work: () => T): T {
    const began = this.#elapsed();
    try {
      return work();
    } finally {
      this.#compileMs += this.#elapsed() - began;
    }
  }

  isCompilingTooLong(): boolean {
    return this.#compileMs > COMPILE_MS;
  }

  /** @param characters that the rule looks through meanwhile */
  during(id: string, characters: number, work: () => void): void {
    const began = this.#elapsed();
    work();
    const ms = this.#elapsed() - began;
    const spent = this.#spent.get(id) ?? { ms: 0, characters: 0 };
    this.#spent.set(id, { ms: spent.ms + ms, characters: spent.characters + characters });
    this.#all = { ms: this.#all.ms + ms, characters: this.#all.characters + characters };
    this.#judge(id);
  }

  #judge(id: string): void {
    const { ms, characters } = this.#spent.get(id)!;
    if (ms > GRACE_MS && characters < ms * LEAST_PER_MS) this.#retire(id);
    else if (this.#all.ms > 5 * GRACE_MS) {
      // All rules look at the same text: its length is what one of them has seen.
      const seen = Math.max(...[...this.#spent.values()].map((one) => one.characters));
      const [dearest] = [...this.#spent].filter(([name]) => !this.isRetired(name)).sort((a, b) => b[1].ms - a[1].ms);
      const total = [...this.#spent.values()].reduce((sum, one) => sum + one.ms, 0);
      if (dearest && seen < total * (LEAST_PER_MS / 5)) this.#retire(dearest[0]);
      this.#all = { ms: 0, characters: 0 };
    }
  }

  #retire(id: string): void {
    this.#retired.add(id);
    this.#spent.delete(id);
    this.#tell(`rule ${JSON.stringify(id)} is not applied any more: it takes too long`);
  }
}
