import { AppError } from '../errors.ts';

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|[smhdw])/g;

const sum = (text: string): number => {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNITS[unit!]!;
  return Math.round(total);
};

/**
 * Milliseconds of `90s`, `20m`, `1h30m`, `2d`.
 * @throws AppError `usage.invalid`
 */
export const parseDuration = (text: string): number => {
  const compact = text.trim().toLowerCase().replace(/\s+/g, '');
  const total = WHOLE.test(compact) ? sum(compact) : 0;
  if (total > 0) return total;
  throw new AppError('usage.invalid', `"${text}" is not a duration.`, {
    hint: 'Write a number and a unit: 90s, 20m, 1h30m, 2d.',
  });
};

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Beyond this no date is kept. Source: ECMA-262, time values. */
const FARTHEST = 8.64e15;

/** `Date.parse` takes the 31st of February for the 3rd of March. */
const isDay = (text: string): boolean => {
  const day = text.slice(0, 10);
  const at = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
};

/** Midnight of so many days ago, where the user is. */
const midnight = (now: string, daysAgo: number): number => {
  const day = new Date(now);
  day.setHours(0, 0, 0, 0);
  return day.setDate(day.getDate() - daysAgo);
};

const DAYS = new Map([
  ['today', 0],
  ['yesterday', 1],
]);

/**
 * The moment a person means, as ISO-8601 UTC: a duration is that long ago, a day begins at midnight, and both a day
 * and a time without a zone are local.
 * @throws AppError `usage.invalid`
 */
export const parseMoment = (text: string, now: string): string => {
  const compact = text.trim();
  const local = DAY.test(compact) ? `${compact}T00:00` : compact.replace(' ', 'T');
  let at = Number.NaN;
  const daysAgo = DAYS.get(compact.toLowerCase());
  if (daysAgo !== undefined) at = midnight(now, daysAgo);
  else if (WHOLE.test(compact)) at = Date.parse(now) - sum(compact);
  else if (TIME.test(local) && isDay(local)) at = Date.parse(local);
  if (Math.abs(at) <= FARTHEST) return new Date(at).toISOString();
  throw new AppError('usage.invalid', `"${text}" is neither a time nor a duration.`, {
    hint: 'Write 2d for two days ago, yesterday, 2026-11-22, or 2026-11-22T14:30.',
  });
};

/** @throws AppError `usage.invalid` where nothing can lie in between */
export const checkRange = ({ since, until }: { since?: string; until?: string }): void => {
  if (since !== undefined && until !== undefined && since > until)
    throw new AppError('usage.invalid', '--since is later than --until.', { hint: 'Exchange them.' });
};
