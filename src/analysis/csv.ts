import type { Value } from './tables/table.ts';

/** What decides how a column is written. */
export interface CsvColumn {
  name: string;
  /** As DuckDB writes it: only numbers, times and truth values are sure not to be formulas. */
  type: string;
}

export interface CsvOptions {
  /** Text is written as it is, also where a spreadsheet would take it for a formula. */
  raw?: boolean;
}

const NO_FORMULA =
  /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL\(\d+,\d+\)|BOOLEAN|TIMESTAMP\w*|DATE|TIME\w*)$/;

/** OWASP's list, "CSV Injection": what a spreadsheet takes for a formula, or skips before one. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Lists as JSON. */
const textOf = (value: Exclude<Value, null>): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/**
 * Writes rows by RFC 4180: lines end in CRLF, the first names the columns. NULL is nothing at all, an empty text is
 * `""`. A text that a spreadsheet would take for a formula gets an apostrophe in front, unless `raw`.
 */
export const csvWriter = (columns: readonly CsvColumn[], { raw = false }: CsvOptions = {}) => {
  const isSafe = columns.map(({ type }) => raw || NO_FORMULA.test(type));
  const defused = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);
  const cell = (value: Value | undefined, at: number): string => {
    if (value === null || value === undefined) return '';
    const text = textOf(value);
    return text === '' ? '""' : quoted(isSafe[at] ? text : defused(text));
  };
  const row = (values: readonly Value[]): string => `${values.map(cell).join(',')}\r\n`;
  return {
    /** The line of titles. */
    head: (): string => `${columns.map(({ name }) => quoted(raw ? name : defused(name))).join(',')}\r\n`,
    row,
    rows: (all: readonly (readonly Value[])[]): string => all.map(row).join(''),
    /** Nothing comes after the rows. */
    tail: () => '',
  };
};
