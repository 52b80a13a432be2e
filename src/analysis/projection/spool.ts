import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { storeError, writeAll } from '../../store/wal/files.ts';
import type { LogRows } from '../tables/rows.ts';
import type { Column, Row, Table, Value } from '../tables/table.ts';

/** Characters that gather before they are written. */
const CHUNK = 1 << 20;

/** Columns that a segment keeps: which repository it is, a view says. */
export const keptColumns = (table: Table): Column[] => table.columns.filter(({ name }) => name !== 'repo');

/** Half a character of UTF-16 is none, and DuckDB refuses it. In Node since 20. */
const sound = (text: string): string => (text as string & { toWellFormed(): string }).toWellFormed();

/** The same within JSON, where it is escaped. */
const soundJson = (text: string): string =>
  /\\ud[89a-f]/i.test(text)
    ? JSON.stringify(JSON.parse(text, (_, value) => (typeof value === 'string' ? sound(value) : value)))
    : sound(text);

const json = ({ type }: Column, value: Exclude<Value, null>): string => {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return JSON.stringify(type === 'JSON' ? soundJson(value) : sound(value));
  return JSON.stringify(typeof value === 'object' ? value.map(sound) : value);
};

/** One row as a line of JSON, columns by their number: names would be half of the bytes. */
export const rowLine = (columns: readonly Column[], row: Row): string => {
  let line = '';
  for (let at = 0; at < columns.length; at++) {
    const value = row[columns[at]!.name];
    if (value === null || value === undefined) continue;
    line += `${line === '' ? '{' : ','}"${at}":${json(columns[at]!, value)}`;
  }
  return line === '' ? '{}\n' : `${line}}\n`;
};

/** A table's rows on their way into a segment. */
export interface Spooled {
  table: Table;
  path: string;
  /** Bytes of the longest line. */
  longest: number;
}

class Lines {
  longest = 0;
  readonly table: Table;
  readonly path: string;
  readonly #columns: Column[];
  readonly #fd: number;
  #text = '';
  #isOpen = true;

  constructor(table: Table, path: string) {
    this.table = table;
    this.path = path;
    this.#columns = keptColumns(table);
    this.#fd = openSync(path, 'wx', 0o600);
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const line = rowLine(this.#columns, row);
      if (line.length > this.longest) this.longest = line.length;
      this.#text += line;
      if (this.#text.length > CHUNK) this.#write();
    }
  }

  end(): void {
    this.#write();
    this.close();
  }

  /** May be called again. */
  close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  #write(): void {
    writeAll(this.#fd, Buffer.from(this.#text));
    this.#text = '';
  }
}

/** Rows of many logs, as one file of lines a table that has any. Memory holds a megabyte of each. */
export class Spool {
  readonly folder: string;
  readonly #tables: readonly Table[];
  readonly #lines = new Map<string, Lines>();

  constructor(folder: string, tables: readonly Table[]) {
    this.folder = folder;
    this.#tables = tables;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  add(rows: LogRows): void {
    try {
      for (const table of this.#tables) {
        const own = rows[table.name] ?? [];
        if (own.length > 0) this.#of(table).add(own);
      }
    } catch (error) {
      throw storeError(error, this.folder);
    }
  }

  end(): Spooled[] {
    try {
      for (const lines of this.#lines.values()) lines.end();
    } catch (error) {
      throw storeError(error, this.folder);
    }
    // A character is at most three bytes for each unit of its length.
    return [...this.#lines.values()].map(({ table, path, longest }) => ({ table, path, longest: 3 * longest }));
  }

  close(): void {
    for (const lines of this.#lines.values()) lines.close();
  }

  #of(table: Table): Lines {
    const known = this.#lines.get(table.name);
    if (known) return known;
    const lines = new Lines(table, join(this.folder, `${table.name}.ndjson`));
    this.#lines.set(table.name, lines);
    return lines;
  }
}
