import { realpathSync } from 'node:fs';
import { sweepDrafts } from '../../process/lock.ts';
import { type Context, openContext } from '../context.ts';
import { lockDir } from './locks.ts';

/** At most so many sessions of one repository are being made at once: they wait for each other's branch anyway. */
const MOST_MAKING = 4;

/** Lets so many through at a time, in the order they came. */
class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(free: number) {
    this.#free = free;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

const real = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** One context a repository for a whole run: within one process there is one store of each. */
export class Repositories {
  readonly #home: Context;
  readonly #open = new Map<string, Promise<Context>>();
  readonly #gates = new Map<string, Gate>();
  readonly #own: Context[] = [];
  readonly #warn: (text: string) => void;

  constructor(home: Context, warn: (text: string) => void) {
    this.#home = home;
    this.#warn = warn;
  }

  /** @throws AppError `repository.missing`, `config.invalid`, … */
  open(path: string): Promise<Context> {
    const key = real(path);
    const known = this.#open.get(key);
    if (known) return known;
    const opened = this.#openAnew(key);
    this.#open.set(key, opened);
    // One that could not be opened may be there for the next item.
    opened.catch(() => this.#open.delete(key));
    return opened;
  }

  /** Makes a session while only a few others are being made in the repository. */
  making<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
    const key = ctx.repo.commonDir;
    let gate = this.#gates.get(key);
    if (!gate) {
      gate = new Gate(MOST_MAKING);
      this.#gates.set(key, gate);
    }
    return gate.run(work);
  }

  /** Those that this run opened itself. */
  async close(): Promise<void> {
    for (const ctx of this.#own) {
      await ctx.store.close();
      if (ctx.config.value('sync.auto')) (await import('../sync/auto.ts')).syncLater(ctx);
    }
  }

  async #openAnew(path: string): Promise<Context> {
    const { env, clock, repo } = this.#home;
    if (!repo.bare && real(repo.root) === path) return this.#home;
    const ctx = await openContext({ dir: path, env, clock, warn: this.#warn });
    if (ctx.repo.commonDir === repo.commonDir) {
      await ctx.store.close();
      // Another checkout of the same repository: its files, and our own store.
      return { ...ctx, store: this.#home.store };
    }
    sweepDrafts(lockDir(ctx));
    this.#own.push(ctx);
    return ctx;
  }
}
