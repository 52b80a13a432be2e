import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Budget } from '../../../src/batch/plan.ts';
import { dayOf, reserveToday, settleToday, spentToday, Today } from '../../../src/workflows/batch/day-budget.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { makeRepo, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { homeEnv } from './engine.ts';

/** Noon, by the clock of whoever runs this. */
const NOON = new Date(2026, 10, 22, 12).toISOString();
const NEXT_NOON = new Date(2026, 10, 23, 12).toISOString();
const DAY = '2026-11-22';

let opened: Context;
let ctx: Context;
beforeAll(async () => {
  opened = await contextIn(await makeRepo(), homeEnv());
});

const at = (now: string): Context => ({ ...ctx, clock: { ...ctx.clock, now: () => now } });
beforeEach(() => {
  ctx = { ...opened, home: { ...opened.home, data: tempDir('amp-day-') } };
  ctx = at(NOON);
});

const spend = (usd: number, tokens = 0) => ({ usd, tokens, isLowerBound: false });
const reserve = (budget: Budget, session: string, estimate = spend(1, 10)) =>
  reserveToday(ctx, budget, { session, estimate });
const settle = (session: string, usd: number, tokens = 0, durationMs = 0): void =>
  settleToday(ctx, { session, spend: spend(usd, tokens), durationMs });
const book = (day = DAY): string => join(ctx.home.data, 'spend', `${day}.ndjson`);
const wrote = (text: string): void => {
  mkdirSync(dirname(book()), { recursive: true });
  appendFileSync(book(), text);
};

describe('a day', () => {
  it.each([
    [new Date(2026, 0, 1, 0, 0, 0), '2026-01-01'],
    [new Date(2026, 0, 1, 23, 59, 59, 999), '2026-01-01'],
    [new Date(2024, 1, 29, 12), '2024-02-29'],
    [new Date(2026, 11, 31, 23, 59), '2026-12-31'],
  ])('%s is that of the clock on the wall', (date, day) => expect(dayOf(date.toISOString())).toBe(day));

  it('has a book of its own: what was used yesterday does not count', async () => {
    settle('a', 5, 50, 500);
    expect(spentToday(ctx)).toEqual({ ...spend(5, 50), durationMs: 500 });
    expect(await reserve({ usd: 5 }, 'b')).toBe('no');
    ctx = at(NEXT_NOON);
    expect(spentToday(ctx)).toEqual({ ...spend(0), durationMs: 0 });
    expect(await reserve({ usd: 5 }, 'b')).toBe('yes');
    expect(existsSync(book('2026-11-23'))).toBe(true);
  });

  it('that nobody has worked on has no book, and looking makes none', () => {
    expect(spentToday(ctx)).toEqual({ ...spend(0), durationMs: 0 });
    expect(existsSync(dirname(book()))).toBe(false);
  });
});

describe('a run that goes on past midnight', () => {
  /** A clock that is set by hand, for one who looks at it again and again. */
  const clocked = () => {
    let now = NOON;
    const wound: Context = { ...ctx, clock: { ...ctx.clock, now: () => now } };
    const set = (moment: string): void => {
      now = moment;
    };
    return { today: new Today(wound), wound, set };
  };

  it('counts what others used before it began, and its own since', () => {
    settle('others', 1, 10, 100);
    const { today } = clocked();
    settle('own', 2, 20, 200);
    today.add(spend(2, 20), 200);
    expect(today.spent).toEqual({ ...spend(3, 30), durationMs: 300 });
  });

  it('begins the new day with nothing', () => {
    settle('others', 1, 10, 100);
    const { today, set } = clocked();
    set(NEXT_NOON);
    expect(today.spent).toEqual({ ...spend(0), durationMs: 0 });
  });

  it('counts what ends in the new day once, whoever looks first', () => {
    const { today, wound, set } = clocked();
    today.add(spend(5, 50), 500);
    set(NEXT_NOON);
    const own = spend(2, 20);
    settleToday(wound, { session: 'own', spend: own, durationMs: 200 });
    today.add(own, 200);
    expect(today.spent).toEqual({ ...own, durationMs: 200 });
    settleToday(wound, { session: 'next', spend: own, durationMs: 200 });
    today.add(own, 200);
    expect(today.spent).toEqual({ ...spend(4, 40), durationMs: 400 });
  });
});

describe('what an attempt came to', () => {
  it('takes the place of what was set aside for it, more or less', async () => {
    expect(await reserve({ usd: 10 }, 'a', spend(9))).toBe('yes');
    expect(await reserve({ usd: 10 }, 'b', spend(2))).toBe('wait');
    settle('a', 1);
    expect(await reserve({ usd: 10 }, 'b', spend(9))).toBe('yes');
    settle('b', 12);
    expect([spentToday(ctx).usd, await reserve({ usd: 10 }, 'c', spend(0))]).toEqual([13, 'no']);
  });

  it('counts also where nothing was set aside, once however often it is told, the last time', () => {
    settle('a', 1, 5, 10);
    settle('a', 2, 6, 20);
    settle('b', 0.5, 1, 3);
    expect(spentToday(ctx)).toEqual({ ...spend(2.5, 7), durationMs: 23 });
  });
});

describe('a budget of a day', () => {
  it.each<[string, Budget, [number, number, number], string]>([
    ['dollars, with a cent left', { usd: 2 }, [1.99, 999, 999], 'yes'],
    ['dollars, used up', { usd: 2 }, [2, 0, 0], 'no'],
    ['tokens, with one left', { tokens: 100 }, [99, 99, 999], 'yes'],
    ['tokens, used up', { tokens: 100 }, [0, 100, 0], 'no'],
    ['time, with a moment left', { wallClockSec: 2 }, [99, 99, 1999], 'yes'],
    ['time, used up', { wallClockSec: 2 }, [0, 0, 2000], 'no'],
    ['several, of which one is used up', { usd: 9, tokens: 9, wallClockSec: 2 }, [1, 1, 2000], 'no'],
    ['none at all', {}, [1e6, 1e9, 1e12], 'yes'],
  ])('of %s', async (_, budget, [usd, tokens, durationMs], may) => {
    settle('a', usd, tokens, durationMs);
    expect(await reserve(budget, 'b')).toBe(may);
  });

  it('is given out once, whoever asks at the same time', async () => {
    const asked = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((session) => reserve({ usd: 2.5 }, session)));
    expect(asked.sort()).toEqual(['wait', 'wait', 'wait', 'yes', 'yes']);
    expect(readFileSync(book(), 'utf8').match(/"reserve"/g)).toHaveLength(2);
  });

  it('the last of it is for one alone, though it may want more', async () => {
    settle('a', 1.5);
    expect(await reserve({ usd: 2 }, 'b', spend(9))).toBe('yes');
    expect(await reserve({ usd: 2 }, 'c', spend(0.1))).toBe('wait');
    settle('b', 0.1);
    expect(await reserve({ usd: 2 }, 'c', spend(0.1))).toBe('yes');
  });

  it('in tokens is not spent by those who wait for dollars', async () => {
    expect(await reserve({ tokens: 30 }, 'a', spend(100, 10))).toBe('yes');
    expect(await reserve({ tokens: 30 }, 'b', spend(100, 20))).toBe('yes');
    expect(await reserve({ tokens: 30 }, 'c', spend(0, 1))).toBe('wait');
  });
});

describe('a book that somebody has written into', () => {
  it.each([
    ['half a line', '{"do":"settle","session":"x","usd":'],
    ['other JSON', 'null\n[]\n7\n"x"\n{}\n'],
    ['no session', '{"do":"settle","usd":3,"tokens":1}\n'],
    ['dollars in words', '{"do":"settle","session":"x","usd":"3","tokens":1}\n'],
    ['no tokens', '{"do":"settle","session":"x","usd":3}\n'],
    ['a time in words', '{"do":"settle","session":"x","usd":3,"tokens":1,"durationMs":"5"}\n'],
    ['an end of some other kind', '\r\n\n \n'],
  ])('%s is passed over, and budgets hold', async (_, text) => {
    settle('a', 1, 10);
    wrote(text);
    settle('b', 1, 10);
    expect(spentToday(ctx)).toEqual({ ...spend(2, 20), durationMs: 0 });
    expect([await reserve({ tokens: 20 }, 'c'), await reserve({ tokens: 21 }, 'd')]).toEqual(['no', 'yes']);
    expect(await reserve({ tokens: 21 }, 'e')).toBe('wait');
  });

  it('what is set aside by nobody who lives does not count, whatever it says of itself', async () => {
    wrote('{"do":"reserve","session":"x","usd":99,"tokens":99}\n');
    expect(await reserve({ usd: 2 }, 'a', spend(2))).toBe('yes');
  });
});
