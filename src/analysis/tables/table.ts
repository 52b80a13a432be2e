/** A type of DuckDB's. Money is `DECIMAL(18,6)`: dollars to a millionth. */
export type ColumnType =
  | 'VARCHAR'
  | 'BIGINT'
  | 'INTEGER'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'TIMESTAMPTZ'
  | 'DECIMAL(18,6)'
  | 'JSON'
  | 'VARCHAR[]';

export interface Column {
  name: string;
  type: ColumnType;
  /** One sentence, for the reference and `sql --schema`. */
  says: string;
}

export interface Table {
  name: string;
  /** One sentence: what a row is. */
  says: string;
  columns: readonly Column[];
  /** Columns that put the rows into an order which is the same on every machine. */
  order: readonly string[];
  /** Of a row the id of the log that it comes from, as SQL; the column `session`, where nothing is said. */
  logId?: string;
}

export const logIdOf = ({ logId }: Table): string => logId ?? 'session';

/** Times are ISO strings with milliseconds and `Z`, money is a decimal string with six places, JSON is its text. */
export type Value = string | number | bigint | boolean | null | readonly string[];

/** Every column of its table, and none else. NULL is what is absent and what is unknown, never 0. */
export type Row = Record<string, Value>;

type Told = readonly [name: string, type: ColumnType, says: string];

const toColumn = ([name, type, says]: Told): Column => ({ name, type, says });

/** Of every table. */
const COMMON: Told[] = [
  ['repo', 'VARCHAR', 'Folder of the repository that has the log.'],
  ['session', 'VARCHAR', 'Id of the session.'],
];

/** Of every table but `sessions`: where in the log the row comes from. */
const PLACE: Told[] = [
  ['line', 'VARCHAR', 'Name of the line that alone has it, where clones went on apart; NULL where all have it.'],
  ['writer', 'VARCHAR', 'Clone that wrote the event which the row begins with.'],
  ['seq', 'BIGINT', "Number of that event among the writer's events of this log."],
];

export const sessionTable = (name: string, says: string, told: Told[]): Table => ({
  name,
  says,
  columns: [...COMMON, ...told].map(toColumn),
  order: ['repo', 'session'],
});

/** A table whose rows come from events: each begins with one, and the number of that event is its key. */
export const placedTable = (name: string, says: string, told: Told[], more: string[] = []): Table => ({
  name,
  says,
  columns: [...COMMON, ...PLACE, ...told].map(toColumn),
  order: ['repo', 'session', 'writer', 'seq', ...more],
});

/** Tokens and money, in the same words wherever they stand. */
export const TOKENS: Told[] = [
  ['tokens_input', 'BIGINT', 'Tokens that went in, without cache reads and writes; NULL where none were told.'],
  ['tokens_output', 'BIGINT', 'Tokens that came out; NULL where none were told.'],
  ['tokens_cache_read', 'BIGINT', 'Tokens that were read from the cache; NULL where none were told.'],
  ['tokens_cache_write', 'BIGINT', 'Tokens that were written into the cache; NULL where none were told.'],
];
