import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addSpend, NOTHING_SPENT, type Spend } from '../../batch/budget.ts';
import type { Budget } from '../../batch/plan.ts';
import { isAlive, ownIdentity, type ProcessIdentity } from '../../process/identity.ts';
import { inTurn } from '../../process/lock-turn.ts';
import { appendLines } from '../../store/wal/append-file.ts';
import type { Context } from '../context.ts';

/** A line of `<data>/spend/<yyyy-mm-dd>.ndjson`: money set aside, or what became of it. */
interface Entry {
  do: 'reserve' | 'settle';
  session: string;
  usd: number;
  tokens: number;
  durationMs?: number;
  /** Who has set it aside: the reservation of a dead process does not count. */
  by?: ProcessIdentity;
}

export interface DaySpend extends Spend {
  /** Milliseconds of all attempts together. */
  durationMs: number;
}

/** The user's calendar day, by their own clock. */
export const dayOf = (at: string): string => {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

const fileOf = (ctx: Context, day: string): string => join(ctx.home.data, 'spend', `${day}.ndjson`);

/** A sum with one that is no number would be none, and no budget would hold any more. */
const isEntry = ({ session, usd, tokens, durationMs = 0 }: Entry): boolean =>
  typeof session === 'string' && [usd, tokens, durationMs].every(Number.isFinite);

const read = (path: string): Entry[] => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as Entry;
      return isEntry(entry) ? [entry] : [];
    } catch {
      return [];
    }
  });
};

interface Book {
  spent: DaySpend;
  reserved: Spend;
}

const add = <Sum extends Spend>(sum: Sum, { usd, tokens }: Entry): Sum => ({
  ...sum,
  usd: sum.usd + usd,
  tokens: sum.tokens + tokens,
});

const bookOf = (entries: Entry[]): Book => {
  const last = new Map(entries.map((entry) => [entry.session, entry]));
  const book: Book = { spent: { ...NOTHING_SPENT, durationMs: 0 }, reserved: NOTHING_SPENT };
  for (const entry of last.values()) {
    if (entry.do === 'settle')
      book.spent = { ...add(book.spent, entry), durationMs: book.spent.durationMs + (entry.durationMs ?? 0) };
    else if (entry.by && isAlive(entry.by)) book.reserved = add(book.reserved, entry);
  }
  return book;
};

const WAIT_MS = 10_000;

/** What this user's batches have used today, those of other repositories and processes too. */
export const spentToday = (ctx: Context): DaySpend => bookOf(read(fileOf(ctx, dayOf(ctx.clock.now())))).spent;

/** What a day has cost as far as one run knows. A run that goes on past midnight begins the new day with its own book. */
export class Today {
  readonly #ctx: Context;
  #day: string;
  #spent: DaySpend;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#day = dayOf(ctx.clock.now());
    this.#spent = spentToday(ctx);
  }

  get spent(): DaySpend {
    this.#turnThePage();
    return this.#spent;
  }

  /** What is in the book by now. */
  add(spend: Spend, durationMs: number): void {
    if (this.#turnThePage()) return;
    this.#spent = { ...addSpend(this.#spent, spend), durationMs: this.#spent.durationMs + durationMs };
  }

  /** True where the book was just read, with all that is in it. */
  #turnThePage(): boolean {
    const day = dayOf(this.#ctx.clock.now());
    if (day === this.#day) return false;
    this.#day = day;
    this.#spent = spentToday(this.#ctx);
    return true;
  }
}

/**
 * Sets aside what an attempt may come to. `wait`: others have set the rest aside; `no`: the day's budget is used up.
 */
export const reserveToday = async (
  ctx: Context,
  budget: Budget,
  { session, estimate }: { session: string; estimate: Spend },
): Promise<'yes' | 'wait' | 'no'> => {
  const path = fileOf(ctx, dayOf(ctx.clock.now()));
  const busy = (): Error => new Error(`${path} is held by another process`);
  return inTurn(`${path}.lock`, { command: 'batch', waitMs: WAIT_MS, busy }, () => {
    const { spent, reserved } = bookOf(read(path));
    const isOver =
      spent.usd >= (budget.usd ?? Infinity) ||
      spent.tokens >= (budget.tokens ?? Infinity) ||
      spent.durationMs >= (budget.wallClockSec ?? Infinity) * 1000;
    if (isOver) return 'no';
    const fits =
      spent.usd + reserved.usd + estimate.usd <= (budget.usd ?? Infinity) &&
      spent.tokens + reserved.tokens + estimate.tokens <= (budget.tokens ?? Infinity);
    if (!fits && reserved.usd + reserved.tokens > 0) return 'wait';
    write(path, { do: 'reserve', session, usd: estimate.usd, tokens: estimate.tokens, by: ownIdentity() });
    return 'yes';
  });
};

const write = (path: string, entry: Entry): void => appendLines(path, `${JSON.stringify(entry)}\n`);

/** Puts down what an attempt came to; also for batches that no day's budget holds, as others may have one. */
export const settleToday = (
  ctx: Context,
  { session, spend, durationMs }: { session: string; spend: Spend; durationMs: number },
): void => {
  const { usd, tokens } = spend;
  write(fileOf(ctx, dayOf(ctx.clock.now())), { do: 'settle', session, usd, tokens, durationMs });
};
