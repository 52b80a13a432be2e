import type { DuckDBConnection } from '@duckdb/node-api';
import { AppError } from '../../errors.ts';
import { invalid, placeAt, refused } from './statement-error.ts';

/** Functions that may stand where a table does: they read nothing but what they are given. */
const HARMLESS = new Set(
  'range generate_series unnest repeat repeat_row json_each json_tree duckdb_columns duckdb_tables duckdb_views duckdb_schemas duckdb_functions duckdb_types duckdb_keywords pg_timezone_names icu_calendar_names'.split(
    ' ',
  ),
);

/** Functions that read files. */
const FILES = new Set(
  'glob read_blob read_csv read_csv_auto read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson read_ndjson_auto read_ndjson_objects read_parquet parquet_scan parquet_schema parquet_metadata parquet_file_metadata parquet_full_metadata parquet_kv_metadata parquet_bloom_probe read_text sniff_csv'.split(
    ' ',
  ),
);

/**
 * Functions of values that do more than compute: they plan another statement, write into DuckDB's log, or count on in a
 * sequence.
 */
const NOT_VALUES = new Set(['json_serialize_plan', 'write_log', 'nextval', 'getenv']);

const SCHEMAS = new Set(['', 'main', 'information_schema', 'pg_catalog']);
const CATALOGS = new Set(['', 'memory', 'system']);

/** DuckDB looks for a file where no table has such a name: names without any of these are never files. */
const LIKE_FILE = /[^\p{L}\p{N}_$ "-]/u;

/** What DuckDB's own parser makes of a text: a tree, as `json_serialize_sql` writes it down. */
interface Tree {
  error: boolean;
  error_type?: string;
  error_message?: string;
  position?: string;
  statements?: unknown[];
}

export interface AdmitOptions {
  /** Functions and names that read files are admitted too. */
  allowFiles?: boolean;
}

/** The names of the parameters that a statement has. */
export type Parameters = Set<string>;

/** Spaces and comments, EXPLAIN, and how it is to be explained: as a plan, or with ANALYZE as it ran. */
const EXPLAIN =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*explain(?:\s+analyze)?(?:\s*\(\s*(?:analyze|format\s+\w+)(?:\s*,\s*(?:analyze|format\s+\w+))*\s*\))?(?=[\s(/-])/i;

export const isExplain = (text: string): boolean => EXPLAIN.test(text);

/** What is explained, at its own place in bytes: the parser that writes a statement down knows no EXPLAIN. */
const withoutExplain = (text: string): string =>
  text.replace(EXPLAIN, (found) => found.replace(/[^\n\r]/gu, (char) => ' '.repeat(Buffer.byteLength(char))));

/** The parser runs nothing and binds nothing; it knows no other statements than those that only read. */
const parse = async (connection: DuckDBConnection, text: string): Promise<Tree> => {
  const sql = 'SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true)';
  const reader = await connection.runAndReadAll(sql, [text]);
  return JSON.parse(String(reader.getRows()[0]![0]));
};

const ONE = 'One statement at a time: leave out what follows the first `;`.';

const checkWhole = (tree: Tree, text: string): unknown => {
  if (tree.error && tree.error_type === 'parser')
    throw invalid(tree.error_message ?? 'It is no SQL.', placeAt(text, tree.position));
  if (tree.error)
    throw refused('Only SELECT statements are admitted.', undefined, {
      hint: 'WITH … SELECT, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN of these are too. A PIVOT has to name its values: ON column IN (…).',
    });
  const statements = tree.statements ?? [];
  if (statements.length === 0) throw new AppError('usage.invalid', 'There is no statement.', { hint: SCHEMA_HINT });
  if (statements.length > 1)
    throw refused('Only one SELECT statement is admitted at a time.', undefined, { hint: ONE });
  return statements[0];
};

export const SCHEMA_HINT = '`amp-sessions sql --schema` lists the tables and their columns.';

const FILES_HINT = 'With --allow-files a query may read files of this machine.';

type Node = Record<string, unknown>;

const textOf = (node: Node | undefined, key: string): string => {
  const value = node?.[key];
  return typeof value === 'string' ? value : '';
};

class Inspection {
  readonly parameters: Parameters = new Set();
  readonly #text: string;
  readonly #allowFiles: boolean;

  constructor(text: string, { allowFiles = false }: AdmitOptions) {
    this.#text = text;
    this.#allowFiles = allowFiles;
  }

  /** Every node, wherever it stands. */
  look(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) for (const item of value) this.look(item);
    else {
      this.#node(value as Node);
      for (const item of Object.values(value)) this.look(item);
    }
  }

  #node(node: Node): void {
    if (node['type'] === 'BASE_TABLE' || node['type'] === 'SHOW_REF') this.#table(node);
    else if (node['type'] === 'TABLE_FUNCTION') this.#tableFunction(node);
    else if (node['type'] === 'VALUE_PARAMETER') this.parameters.add(textOf(node, 'identifier'));
    else if (typeof node['function_name'] === 'string') this.#function(node);
  }

  #table(node: Node): void {
    const [catalog, schema, name] = ['catalog_name', 'schema_name', 'table_name'].map((key) => textOf(node, key));
    const isPlain = CATALOGS.has(catalog!) && SCHEMAS.has(schema!) && !LIKE_FILE.test(name!);
    if (isPlain || this.#allowFiles) return;
    const full = [catalog, schema, name].filter((part) => part !== '').join('.');
    if (LIKE_FILE.test(name!) || schema !== '')
      throw refused(`“${full}” is none of the tables, and a query reads no files.`, this.#place(node), {
        hint: `${SCHEMA_HINT} ${FILES_HINT}`,
      });
  }

  #tableFunction(node: Node): void {
    const call = node['function'] as Node | undefined;
    const name = textOf(call, 'function_name').toLowerCase();
    if (HARMLESS.has(name) || (this.#allowFiles && FILES.has(name))) return;
    if (FILES.has(name))
      throw refused(`${name}() reads files, and a query may not.`, this.#place(node), { hint: FILES_HINT });
    throw refused(`${name || 'This'}() is not admitted as a table.`, this.#place(node), {
      hint: `These are: the tables (${SCHEMA_HINT.replace(/\.$/, '')}), range, generate_series, unnest, json_each, json_tree.`,
    });
  }

  #function(node: Node): void {
    const name = textOf(node, 'function_name').toLowerCase();
    if (NOT_VALUES.has(name))
      throw refused(`${name}() does more than compute, and is not admitted.`, this.#place(node));
  }

  #place(node: Node) {
    return placeAt(this.#text, node['query_location']);
  }
}

/**
 * Admits one statement that only reads, by the tree that DuckDB's own parser makes of it: nothing of the text is run or
 * looked up before. Gives the names of its parameters.
 * @throws AppError query.invalid with the place, query.refused, usage.invalid for no statement
 */
export const admit = async (
  connection: DuckDBConnection,
  text: string,
  options: AdmitOptions = {},
): Promise<Parameters> => {
  // To the parser a text ends there; to us it goes on.
  if (text.includes('\0')) throw refused('A statement has no NUL characters.', placeAt(text, text.indexOf('\0')));
  const inspection = new Inspection(text, options);
  inspection.look(checkWhole(await parse(connection, withoutExplain(text)), text));
  return inspection.parameters;
};
