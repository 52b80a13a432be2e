import type { ObjectReader } from '../notes/plan-notes.ts';
import { decodeCommit } from '../objects/encode.ts';

/** How our end of a chain stands to another's; `unknown`: theirs is not here. */
export type Relation = 'same' | 'ahead' | 'behind' | 'diverged' | 'unknown';

/** Commits of one chain from its end backwards, one at a time. */
class Walk {
  readonly #seen = new Set<string>();
  readonly #reader: ObjectReader;
  #next: string | undefined;

  constructor(reader: ObjectReader, tip: string) {
    this.#reader = reader;
    this.#next = tip;
    this.#seen.add(tip);
  }

  get isOver(): boolean {
    return this.#next === undefined;
  }

  has(commit: string): boolean {
    return this.#seen.has(commit);
  }

  /** False when the commit is not here, or is none. */
  async step(): Promise<boolean> {
    const object = await this.#reader.object(this.#next!);
    if (object?.type !== 'commit') return false;
    this.#next = decodeCommit(object.bytes).parents[0];
    if (this.#next !== undefined) this.#seen.add(this.#next);
    return true;
  }
}

/**
 * Compares two ends of a chain that has one writer: only first parents are followed, as only these are ever made.
 * Both are walked at the same pace, so it takes as long as they differ.
 */
export const relateChains = async (reader: ObjectReader, ours: string, theirs: string): Promise<Relation> => {
  if (ours === theirs) return 'same';
  const [our, their] = [new Walk(reader, ours), new Walk(reader, theirs)];
  if (!(await their.step())) return 'unknown';
  for (;;) {
    if (our.has(theirs)) return 'ahead';
    if (their.has(ours)) return 'behind';
    if (our.isOver && their.isOver) return 'diverged';
    const isSound = (our.isOver || (await our.step())) && (their.isOver || (await their.step()));
    if (!isSound) return 'diverged';
  }
};
