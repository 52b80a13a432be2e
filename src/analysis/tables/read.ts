/**
 * What a log says, one value after the other, as the type that a column has. A log may come from anywhere: what is not
 * of its shape is unknown, and unknown is null.
 */
export type Data = Readonly<Record<string, unknown>>;

const NONE: Data = {};

export const asData = (value: unknown): Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Data) : NONE;

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** In Node since 20; at once where a string is Latin. */
const wellFormed = (text: string): string => (text as string & { toWellFormed(): string }).toWellFormed();

/** Half a surrogate pair is no UTF-8: it becomes U+FFFD, as everywhere else. */
export const asText = (value: unknown): string | null => (typeof value !== 'string' ? null : wellFormed(value));

export const asNumber = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

export const asDuration = (value: unknown): number | null => {
  const number = asNumber(value);
  return number !== null && number >= 0 ? number : null;
};

/** A whole number that DOUBLE, JSON and JavaScript know exactly. */
export const asWhole = (value: unknown): number | null => (Number.isSafeInteger(value) ? (value as number) : null);

export const asCount = (value: unknown): number | null => {
  const whole = asWhole(value);
  return whole !== null && whole >= 0 ? whole : null;
};

const MOST = 2 ** 31;

export const asInteger = (value: unknown): number | null => {
  const whole = asWhole(value);
  return whole !== null && whole >= -MOST && whole < MOST ? whole : null;
};

export const asFlag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** As the program writes it, on a day that every month has: there is nothing to calculate. */
const PLAIN = /^(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** ISO-8601 with its zone, as UTC with milliseconds. */
export const asTime = (value: unknown): string | null => {
  if (typeof value !== 'string') return null;
  if (PLAIN.test(value)) return value;
  if (!TIME.test(value)) return null;
  const time = Date.parse(value);
  if (Number.isNaN(time)) return null;
  const text = new Date(time).toISOString();
  return text.length === 24 && text >= '0001' ? text : null;
};

/** Milliseconds from one moment to another; null where one is unknown or the clocks disagree. */
export const between = (from: string | null, to: string | null): number | null =>
  from === null || to === null ? null : asDuration(Date.parse(to) - Date.parse(from));

/** Millionths of a dollar: money is added up without a rounding error. */
export type Micros = bigint;

const MOST_MICROS = 10n ** 18n;

/** Dollars to the nearest millionth, by the exact value of the number. */
export const asMicros = (value: unknown): Micros | null => {
  const number = asDuration(value);
  return number === null || number >= 1e12 ? null : BigInt(number.toFixed(6).replace('.', ''));
};

/** A decimal string with six places; null for more than a DECIMAL(18,6) holds. */
export const money = (micros: Micros | null): string | null => {
  if (micros === null || micros < 0n || micros >= MOST_MICROS) return null;
  const digits = micros.toString().padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
};

/** The sum of what is known; null where nothing is. */
export const plus = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : asWhole(a + b);

export const plusMoney = (a: Micros | null, b: Micros | null): Micros | null =>
  a === null ? b : b === null ? a : a + b;
