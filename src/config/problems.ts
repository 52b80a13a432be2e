import { AppError, type ErrorCode } from '../errors.ts';

/** More of them help nobody. */
export const MOST_PROBLEMS = 20;

/** One of several things that are wrong, as an error's `problems` have it; with file, line, column and key where known. */
export interface Problem {
  message: string;
  hint: string | null;
  [place: string]: unknown;
}

const problemOf = ({ message, hint, details }: AppError): Problem => ({ ...details, message, hint: hint ?? null });

const numberIn = ({ details }: AppError, key: 'line' | 'column'): number => {
  const value = details?.[key];
  return typeof value === 'number' ? value : 0;
};

/** From top to bottom, as a person mends it; what is in different files stays in the order in which it was met. */
const byPlace = (a: AppError, b: AppError): number =>
  a.details?.['file'] === b.details?.['file']
    ? numberIn(a, 'line') - numberIn(b, 'line') || numberIn(a, 'column') - numberIn(b, 'column')
    : 0;

/**
 * What is wrong with a file, gathered and told at once: the first as the error itself, with all of them as `problems`.
 * The same thing said of the same place, such as a wrong default of many items, is one.
 */
export class Problems {
  readonly #code: ErrorCode;
  readonly #found = new Map<string, AppError>();

  /** @param code of the errors that are gathered; any other ends it at once */
  constructor(code: ErrorCode) {
    this.#code = code;
  }

  /** What the work gives, or `instead` after an error that was gathered. */
  attempt<T>(work: () => T, instead: T): T {
    try {
      return work();
    } catch (error) {
      this.#take(error);
      return instead;
    }
  }

  async attemptLater<T>(work: () => Promise<T>, instead: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#take(error);
      return instead;
    }
  }

  /** @throws the first that was gathered, where there is one */
  end(): void {
    const [first, ...more] = [...this.#found.values()].sort(byPlace);
    if (first === undefined) return;
    if (more.length === 0) throw first;
    const { code, message, hint, details, cause } = first;
    const problems = [first, ...more].slice(0, MOST_PROBLEMS).map(problemOf);
    throw new AppError(code, message, { hint, details: { ...details, problems }, cause });
  }

  #take(error: unknown): void {
    if (!(error instanceof AppError) || error.code !== this.#code) {
      // What cannot go on says less than what is wrong with the file.
      this.end();
      throw error;
    }
    if (!this.#found.has(error.message)) this.#found.set(error.message, error);
    if (this.#found.size >= MOST_PROBLEMS) this.end();
  }
}
