/**
 * Items handed in while a commit is under way are committed together by the next one, in their order.
 * `commit` settles each item itself and never throws.
 */
export class GroupCommit<Item> {
  #waiting: Item[] = [];
  #running: Promise<void> | undefined;
  readonly #commit: (items: Item[]) => Promise<void>;

  constructor(commit: (items: Item[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** True while something is not settled. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  add(item: Item): void {
    this.#waiting.push(item);
    this.#running ??= this.#run();
  }

  /** Resolves when all that was handed in is settled. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0));
    this.#running = undefined;
  }
}
