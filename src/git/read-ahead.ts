import type { CatObject } from './cat-file.ts';

/** Questions that are under way at once. */
const AHEAD = 32;

interface Reader {
  /** Undefined when it is not there. */
  object(id: string): Promise<CatObject | undefined>;
}

/** A reader that is told what it will be asked next, and asks for some of that before. */
export class AheadReader {
  readonly #reader: Reader;
  readonly #asked = new Map<string, Promise<CatObject | undefined>>();
  #expected: string[] = [];

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Instead of what was expected before. */
  expect(ids: readonly string[]): void {
    this.#asked.clear();
    this.#expected = [...ids].reverse();
    this.#ask();
  }

  /** As `cat-file` has it, also of what was not expected. */
  object(id: string): Promise<CatObject | undefined> {
    const answer = this.#asked.get(id) ?? this.#reader.object(id);
    this.#asked.delete(id);
    this.#ask();
    return answer;
  }

  #ask(): void {
    while (this.#asked.size < AHEAD && this.#expected.length > 0) {
      const id = this.#expected.pop()!;
      if (this.#asked.has(id)) continue;
      const answer = this.#reader.object(id);
      // Whoever waits for it hears of the error; nobody may.
      answer.catch(() => {});
      this.#asked.set(id, answer);
    }
  }
}

/**
 * Objects in the order of their ids, some of them asked for before they are wanted: asked one by one, reader and git
 * wait for each other.
 * @returns undefined in the place of an object that is not there
 * @throws AppError git.failed
 */
export async function* readAhead(reader: Reader, ids: readonly string[]): AsyncGenerator<CatObject | undefined> {
  const ahead = new AheadReader(reader);
  ahead.expect(ids);
  for (const id of ids) yield await ahead.object(id);
}
