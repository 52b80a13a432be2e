import type { Database } from './duckdb.ts';
import { liveRows } from './projection/segments.ts';
import type { Segment } from './projection/state.ts';
import { logIdOf, type Table } from './tables/table.ts';
import { name, quote } from './text.ts';

/** What a view reads of one repository. */
export interface Source {
  /** As the column `repo` names it. */
  repo: string;
  folder: string;
  segments: readonly Segment[];
  /** Sessions that another repository of the question has as well, and tells more of. */
  elsewhere: readonly string[];
}

const empty = (table: Table): string => {
  const columns = table.columns.map((column) => `NULL::${column.type} AS ${name(column.name)}`);
  return `SELECT ${columns.join(', ')} WHERE false`;
};

const rowsOf = ({ repo, folder, segments, elsewhere }: Source, table: Table): string[] => {
  const parts = liveRows(folder, segments, table);
  if (parts.length === 0) return [];
  const columns = table.columns.map((column) =>
    column.name === 'repo' ? `${quote(repo)}::VARCHAR AS repo` : name(column.name),
  );
  const but = elsewhere.length > 0 ? ` WHERE ${logIdOf(table)} NOT IN (${elsewhere.map(quote).join(', ')})` : '';
  return parts.map((part) => `SELECT ${columns.join(', ')} FROM (${part})${but}`);
};

/** A table's rows of all repositories, as one view. */
export const viewOf = (table: Table, sources: readonly Source[]): string => {
  const parts = sources.flatMap((source) => rowsOf(source, table));
  const query = parts.length > 0 ? parts.join(' UNION ALL ') : empty(table);
  return `CREATE OR REPLACE VIEW ${name(table.name)} AS ${query}`;
};

/** All tables, in one go. */
export const createViews = async (
  { connection }: Database,
  tables: readonly Table[],
  sources: readonly Source[],
): Promise<void> => {
  await connection.run(tables.map((table) => viewOf(table, sources)).join(';\n'));
};
