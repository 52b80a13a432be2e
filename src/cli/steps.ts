import type { Progress } from './progress.ts';

/**
 * Steps of a verb that says when each begins: a step lasts until the next one begins or the whole ends.
 */
export class Steps {
  readonly #progress: Progress;
  #end: ((error?: unknown) => void) | undefined;
  #shown: Promise<unknown> = Promise.resolve();

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  /** Ends the step before, if any, and shows the next one. */
  begin(title: string): void {
    this.#end?.();
    const before = this.#shown;
    const lasting = new Promise<void>((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.#shown = before.then(() => this.#progress.step(title, () => lasting)).catch(() => {});
  }

  /** Ends the step at hand as failed, with the reason, while the whole goes on. */
  fail(reason: string): void {
    this.#end?.(new Error(reason));
    this.#end = undefined;
  }

  detail(text: string): void {
    this.#progress.detail(text);
  }

  /**
   * Waits for the work that these steps are of; the last one ends as it does.
   * @param failureOf what a result ends with that is no success, though it is a result
   */
  async during<T>(work: Promise<T>, failureOf?: (done: T) => Error | undefined): Promise<T> {
    try {
      const done = await work;
      await this.finish(failureOf?.(done));
      return done;
    } catch (error) {
      await this.finish(error);
      throw error;
    }
  }

  /** Ends the last step; resolved once everything is on the screen. */
  async finish(error?: unknown): Promise<void> {
    this.#end?.(error);
    this.#end = undefined;
    await this.#shown;
  }
}
