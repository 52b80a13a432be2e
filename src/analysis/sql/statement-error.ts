import { AppError, type ErrorCode, type ErrorExtras } from '../../errors.ts';

/** Where in a statement something is wrong, as a person counts. */
export interface Place {
  line: number;
  column: number;
  /** The whole line. */
  text: string;
}

/** The place of a byte of the statement's UTF-8; nothing where DuckDB does not know it. */
export const placeAt = (sql: string, offset: unknown): Place | undefined => {
  const at = typeof offset === 'string' ? Number(offset) : offset;
  if (typeof at !== 'number' || !Number.isSafeInteger(at) || at < 0) return undefined;
  const bytes = Buffer.from(sql, 'utf8');
  if (at > bytes.length) return undefined;
  const before = bytes
    .subarray(0, at)
    .toString('utf8')
    .split(/\r\n|\n|\r/);
  const line = before.length;
  const text = sql.split(/\r\n|\n|\r/)[line - 1] ?? '';
  return { line, column: [...before.at(-1)!].length + 1, text };
};

const failure = (code: ErrorCode, message: string, place: Place | undefined, extras: ErrorExtras = {}): AppError => {
  const said = message.replace(/\s+/g, ' ').trim();
  const where = place ? `Line ${place.line}, column ${place.column}: ` : '';
  const sentence = `${where}${said}${/[.!?:]$/.test(said) ? '' : '.'}`;
  return new AppError(code, sentence, { ...extras, details: place && { place } });
};

/** A statement that DuckDB does not understand. */
export const invalid = (message: string, place: Place | undefined, extras?: ErrorExtras): AppError =>
  failure('query.invalid', message, place, extras);

/** A statement that is understood, and not admitted. */
export const refused = (message: string, place?: Place, extras?: ErrorExtras): AppError =>
  failure('query.refused', message, place, extras);

/** What DuckDB says with `errors_as_json`. */
interface Told {
  exception_type?: string;
  exception_message?: string;
  position?: string;
}

const told = (error: unknown): Told => {
  const message = String((error as Error)?.message ?? error);
  const from = message.indexOf('{"exception_type"');
  try {
    if (from >= 0) return JSON.parse(message.slice(from));
  } catch {}
  const [, type, text] = /^(?:Failed to \w+ statements?: )?(\w[\w ]*?) Error: ([\s\S]*)$/.exec(message) ?? [];
  return type === undefined ? { exception_message: message } : { exception_type: type, exception_message: text! };
};

/** The machine's or the files' fault, not the statement's. */
const OF_MACHINE = /^(IO|Out of Memory|INTERNAL|Fatal|Serialization|HTTP|Connection|Transaction)$/i;

/** What no other file of the cache mends. */
const OF_STATEMENT = /^(Parser|Syntax|Binder|Catalog|Conversion|Permission|Out of Range|Out of Memory|INTERRUPT)$/i;

/** True of whatever a damaged file of the cache may be behind: DuckDB has many words for it. */
export const isMaybeDamage = (error: unknown): boolean =>
  !(error instanceof AppError) && !OF_STATEMENT.test(told(error).exception_type ?? '');

export const isInterrupt = (error: unknown): boolean => /^interrupt$/i.test(told(error).exception_type ?? '');

const HINTS: [RegExp, string][] = [
  [/^Out of Memory$/i, 'Ask for less at once: fewer columns, a WHERE, a LIMIT.'],
  [/^(Catalog|Binder)$/i, '`amp-sessions sql --schema` lists the tables and their columns.'],
  [/^Permission$/i, 'With --allow-files a query may read files of this machine.'],
];

/** What DuckDB threw, as a person should hear it: its own sentence, the place, and the next step. */
export const toQueryError = (error: unknown, sql: string): AppError => {
  if (error instanceof AppError) return error;
  if (isInterrupt(error)) return new AppError('interrupted', 'The query was interrupted.', { cause: error });
  const { exception_type: type = '', exception_message: message = '', position } = told(error);
  const hint = HINTS.find(([of]) => of.test(type))?.[1];
  const code = OF_MACHINE.test(type) ? 'query.failed' : 'query.invalid';
  return failure(code, message || 'DuckDB gave no reason.', placeAt(sql, position), { hint, cause: error });
};
