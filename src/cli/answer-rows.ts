import type { ChalkInstance } from 'chalk';
import { sanitizeLine, sanitizeText } from './sanitize.ts';
import { type Cell, type Column, table } from './table.ts';
import { textWidth, truncate } from './width.ts';

/** A column of an answer, with its type as DuckDB writes it. */
export interface AnswerColumn {
  name: string;
  type: string;
}

/** Times are ISO-8601, decimals are text, as are whole numbers that JavaScript cannot count. */
export type AnswerValue = string | number | bigint | boolean | null | readonly string[];

/** Gives the text for each piece of an answer, in their order. */
export interface RowWriter {
  head(): string;
  rows(rows: readonly (readonly AnswerValue[])[]): string;
  tail(): string;
}

/** Whoever asks for more of a cell asks for CSV or JSON. */
const WIDEST_CELL = 200;
const NARROWEST_CELL = 6;

const isNumeric = ({ type }: AnswerColumn): boolean =>
  /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|DOUBLE|FLOAT)$|^DECIMAL\(/.test(type);

const cellText = (value: AnswerValue): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  return `[${value.join(', ')}]`;
};

export interface TableLook {
  color: ChalkInstance;
  /** Columns of the terminal; without it columns keep their width, each cell cut at 200. */
  width?: number;
}

/** An aligned table; a later piece is never narrower than the ones before it. All text is made inert. */
export const tableWriter = (columns: readonly AnswerColumn[], { color, width }: TableLook): RowWriter => {
  const shapes = columns.map(
    (column): Column => ({
      title: column.name,
      align: isNumeric(column) ? 'right' : 'left',
      shrinkTo: isNumeric(column) ? undefined : NARROWEST_CELL,
    }),
  );
  const widths = columns.map(({ name }) => textWidth(sanitizeLine(name)));
  const toCell = (value: AnswerValue, at: number): Cell => {
    if (value === null) return { text: 'NULL', paint: color.dim };
    const text = truncate(sanitizeLine(cellText(value).slice(0, 10 * WIDEST_CELL)), WIDEST_CELL);
    widths[at] = Math.max(widths[at]!, textWidth(text));
    return { text };
  };
  let isFirst = true;
  const lines = (rows: readonly (readonly AnswerValue[])[]): string => {
    const before = widths.map((columns) => ({ text: ' '.repeat(columns) }));
    const cells = rows.map((row) => row.map(toCell));
    const made = table({ columns: shapes, rows: [before, ...cells], width, paintTitle: color.bold });
    const shown = isFirst ? [made[0]!, ...made.slice(2)] : made.slice(2);
    isFirst = false;
    return shown.map((line) => `${line}\n`).join('');
  };
  return { head: () => '', rows: lines, tail: () => (isFirst ? lines([]) : '') };
};

/** A plan is drawn in lines of its own, and is as wide as it is. */
const planWriter = (): RowWriter => ({
  head: () => '',
  rows: (all) => all.map((row) => `${sanitizeText(cellText(row[1] ?? '')).trimEnd()}\n`).join(''),
  tail: () => '',
});

const isPlan = (columns: readonly AnswerColumn[]): boolean =>
  columns.map(({ name }) => name).join() === 'explain_key,explain_value';

/** What JSON would show as it is, but a terminal may act on; as an escape it means the same. */
const UNSAFE =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g;

const escaped = (json: string): string =>
  json.replace(UNSAFE, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
      '',
    ),
  );

const isNested = ({ type }: AnswerColumn): boolean => /^(JSON|STRUCT\(|MAP\(|UNION\()|\]$/.test(type);

const isExact = (decimal: string): boolean => decimal.replace(/\D/g, '').replace(/^0+/, '').length <= 15;

/** A decimal is a number as long as JavaScript has it exactly; JSON and what is nested are themselves, not text. */
const jsonValue = (value: AnswerValue, column: AnswerColumn): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return value;
  if (column.type.startsWith('DECIMAL(')) return isExact(value) ? Number(value) : value;
  // Numbers that JavaScript would round stay text.
  if (!isNested(column) || /\d{16}/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

/** Names of an answer's columns, each once: a second `count` is `count_1`. */
const uniqueNames = (columns: readonly AnswerColumn[]): string[] => {
  const seen = new Set<string>();
  return columns.map(({ name }) => {
    let unique = name;
    for (let next = 1; seen.has(unique); next++) unique = `${name}_${next}`;
    seen.add(unique);
    return unique;
  });
};

/** Makes objects of rows, with the names of the columns as keys. */
export const objectsOf = (columns: readonly AnswerColumn[]) => {
  const names = uniqueNames(columns);
  return (row: readonly AnswerValue[]): Record<string, unknown> =>
    Object.fromEntries(row.map((value, at) => [names[at]!, jsonValue(value, columns[at]!)]));
};

/** One object a line. */
export const ndjsonWriter = (columns: readonly AnswerColumn[]): RowWriter => {
  const toObject = objectsOf(columns);
  const rows: RowWriter['rows'] = (all) => all.map((row) => `${escaped(JSON.stringify(toObject(row)))}\n`).join('');
  return { head: () => '', rows, tail: () => '' };
};

/** One array of objects. */
export const jsonWriter = (columns: readonly AnswerColumn[]): RowWriter => {
  const toObject = objectsOf(columns);
  let isFirst = true;
  const line = (row: readonly AnswerValue[]): string => {
    const comma = isFirst ? '\n' : ',\n';
    isFirst = false;
    return comma + escaped(JSON.stringify(toObject(row)));
  };
  return { head: () => '[', rows: (all) => all.map(line).join(''), tail: () => (isFirst ? ']\n' : '\n]\n') };
};

/** What an answer can be printed as. */
export const FORMATS = ['table', 'csv', 'json', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

/** Makes the writer of a format; CSV is written by whoever knows its rules. */
export const rowWriter =
  (format: Format, look: TableLook, csv: (columns: readonly AnswerColumn[]) => RowWriter) =>
  (columns: readonly AnswerColumn[]): RowWriter => {
    if (format === 'csv') return csv(columns);
    if (format === 'json') return jsonWriter(columns);
    if (format === 'ndjson') return ndjsonWriter(columns);
    return isPlan(columns) ? planWriter() : tableWriter(columns, look);
  };
