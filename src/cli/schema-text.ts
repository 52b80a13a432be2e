import type { ChalkInstance } from 'chalk';
import { table } from './table.ts';

/** A table that can be asked. */
export interface AskedTable {
  name: string;
  says: string;
  columns: readonly { name: string; type: string; says: string }[];
}

export interface SchemaLook {
  color: ChalkInstance;
  /** Columns of the terminal. */
  width?: number;
}

/** One table: its columns with their types, a sentence each. */
export const tableText = ({ name, says, columns }: AskedTable, { color, width }: SchemaLook): string => {
  const rows = columns.map((column) => [`  ${column.name}`, { text: column.type, paint: color.cyan }, column.says]);
  const shape = [{ title: '' }, { title: '' }, { title: '', shrinkTo: 20 }];
  return [`${color.bold(name)}  ${says}`, ...table({ columns: shape, rows, width }).slice(1)].join('\n');
};

/** Tables, one line each. */
export const tablesText = (tables: readonly AskedTable[], { color, width }: SchemaLook): string =>
  table({
    columns: [{ title: 'TABLE' }, { title: 'COLUMNS', align: 'right' }, { title: 'EACH ROW', shrinkTo: 20 }],
    rows: tables.map(({ name, says, columns }) => [{ text: name, paint: color.bold }, String(columns.length), says]),
    width,
    paintTitle: color.dim,
  }).join('\n');

/** All tables with all columns. */
export const schemaText = (tables: readonly AskedTable[], look: SchemaLook): string =>
  tables.map((each) => tableText(each, look)).join('\n\n');
