import type { DuckDBType, DuckDBValue, DuckDBValueConverter } from '@duckdb/node-api';
import type { Value } from './tables/table.ts';

type Api = typeof import('@duckdb/node-api');

/** Values as JSON has them, for what lies within lists and structures. */
type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/** The last and the first day that JavaScript knows. */
const FARTHEST_MS = 8.64e15;

const isoTime = (ms: number, other: DuckDBValue): string =>
  Math.abs(ms) <= FARTHEST_MS ? new Date(ms).toISOString() : String(other);

const whole = (value: bigint): number | string =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);

/** Microseconds, rounded down, as a time before 1970 is no earlier than it says. */
const millis = (micros: bigint): number => Number(micros / 1000n) - (micros < 0n && micros % 1000n !== 0n ? 1 : 0);

/**
 * How values of DuckDB become plain ones. Whole numbers are numbers as long as JavaScript counts them exactly, and text
 * beyond; decimals are text; times are ISO-8601 in UTC with milliseconds; what is no number is nothing.
 */
export const makePlain = (api: Api) => {
  const plain = (value: DuckDBValue): Plain => {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number') return Number.isFinite(value) ? value : null;
    if (typeof value === 'bigint') return whole(value);
    if (value instanceof api.DuckDBTimestampTZValue || value instanceof api.DuckDBTimestampValue)
      return isoTime(millis(value.micros), value);
    if (value instanceof api.DuckDBTimestampMillisecondsValue) return isoTime(Number(value.millis), value);
    if (value instanceof api.DuckDBTimestampSecondsValue) return isoTime(Number(value.seconds) * 1000, value);
    if (value instanceof api.DuckDBTimestampNanosecondsValue) return isoTime(millis(value.nanos / 1000n), value);
    if (value instanceof api.DuckDBListValue || value instanceof api.DuckDBArrayValue) return value.items.map(plain);
    if (value instanceof api.DuckDBStructValue)
      return Object.fromEntries(Object.entries(value.entries).map(([key, item]) => [key, plain(item)]));
    if (value instanceof api.DuckDBMapValue)
      return Object.fromEntries(value.entries.map(({ key, value: item }) => [String(key), plain(item)]));
    return String(value);
  };
  const convert: DuckDBValueConverter<Value> = (value) => {
    const made = plain(value);
    if (typeof made !== 'object' || made === null) return made;
    const isTexts = Array.isArray(made) && made.every((item) => typeof item === 'string');
    return isTexts ? (made as string[]) : JSON.stringify(made);
  };
  return convert;
};

export interface Bound {
  values: DuckDBValue[];
  types: DuckDBType[];
}

/** Parameters of a statement; a list is one of texts, even an empty one. */
export const bind = (api: Api, params: readonly Value[]): Bound => ({
  values: params.map((value) => (typeof value === 'object' && value !== null ? api.listValue([...value]) : value)),
  types: params.map((value) => {
    if (typeof value === 'object' && value !== null) return api.LIST(api.VARCHAR);
    if (typeof value === 'string') return api.VARCHAR;
    if (typeof value === 'boolean') return api.BOOLEAN;
    if (typeof value === 'bigint') return api.HUGEINT;
    if (typeof value === 'number') return Number.isSafeInteger(value) ? api.BIGINT : api.DOUBLE;
    return api.SQLNULL;
  }),
});
