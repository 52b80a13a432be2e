import type { Analysis } from '../open.ts';
import type { Value } from '../tables/table.ts';
import { name } from '../text.ts';

/** What figures may be told apart by. A day is one in UTC. */
export const GROUPS = ['session', 'agent', 'model', 'repository', 'day'] as const;
export type GroupBy = (typeof GROUPS)[number];

/** Which part of the history is asked about; nothing said is everything. */
export interface Scope {
  /** Ids of sessions. */
  sessions?: readonly string[];
  /** Not before and not after, as ISO-8601: of each fact the moment at which it began, or became known. */
  since?: string;
  until?: string;
}

/** One row a group, in SQL over one table. */
export interface Question {
  name: string;
  /** One sentence: what its figures are. */
  says: string;
  /** Table whose rows are counted. */
  table: AskedTable;
  /** Of the rows of the table, these. */
  where?: string;
  /** Further columns that tell rows apart, by their names: expressions. */
  by?: Readonly<Record<string, string>>;
  /** Figures, by their names: expressions with an aggregate. */
  figures: Readonly<Record<string, string>>;
}

export type AskedTable = keyof typeof TIMES;

/** When what a row tells of began, or became known. */
const TIMES = {
  sessions: 'created_at',
  iterations: 'started_at',
  usage: 'started_at',
  tool_calls: 'coalesce(started_at, finished_at)',
  test_runs: 'finished_at',
  commits: '"at"',
  git_operations: 'started_at',
  errors: '"at"',
} as const;

/** Model as the agent told it, else its mode. */
export const MODEL = 'coalesce(model, mode)';

const HAS_AGENT: readonly AskedTable[] = ['iterations', 'usage', 'tool_calls', 'test_runs', 'commits', 'errors'];

/** What a row of a table is grouped by; undefined where the table knows nothing of it. */
const keyOf = (table: AskedTable, by: GroupBy): string | undefined => {
  if (by === 'session') return 'session';
  if (by === 'repository') return 'repo';
  // The zone of the connection is UTC.
  if (by === 'day') return `strftime(${TIMES[table]}, '%Y-%m-%d')`;
  if (by === 'agent') return HAS_AGENT.includes(table) ? 'agent' : table === 'sessions' ? undefined : 'NULL::VARCHAR';
  return table === 'usage' ? MODEL : undefined;
};

/** Whether the figures of a table can be told apart so. */
export const canGroup = (table: AskedTable, by: GroupBy | undefined): boolean =>
  by === undefined || keyOf(table, by) !== undefined;

/** Named parameters: `$sessions`, `$since` and `$until`. */
const conditions = (table: AskedTable, { sessions, since, until }: Scope): string[] => [
  ...(sessions ? ['session IN (SELECT unnest($sessions))'] : []),
  ...(since ? [`${TIMES[table]} >= $since::TIMESTAMPTZ`] : []),
  ...(until ? [`${TIMES[table]} <= $until::TIMESTAMPTZ`] : []),
];

/** Rows of a table that are in the scope, each with the group that it belongs to. */
export const scoped = (table: AskedTable, scope: Scope, by?: GroupBy, where?: string): string => {
  const key = by === undefined ? undefined : keyOf(table, by);
  const all = [...conditions(table, scope), ...(where === undefined ? [] : [`(${where})`])];
  const only = all.length > 0 ? ` WHERE ${all.join(' AND ')}` : '';
  return `SELECT *, ${key ?? 'NULL::VARCHAR'} AS group_key FROM ${table}${only}`;
};

/** The statement that answers a question: a row for everything, and one for each group. */
export const statementOf = ({ table, where, by = {}, figures }: Question, scope: Scope, groupBy?: GroupBy): string => {
  const columns = Object.entries(by).map(([column, expression]) => `${expression} AS ${name(column)}`);
  const asked = Object.entries(figures).map(([column, expression]) => `${expression} AS ${name(column)}`);
  const parts = Object.values(by);
  const all = `(${parts.join(', ')})`;
  const sets = groupBy && canGroup(table, groupBy) ? `${all}, (${['group_key', ...parts].join(', ')})` : all;
  const isAll = groupBy && canGroup(table, groupBy) ? 'grouping(group_key) = 1' : 'true';
  const key = groupBy && canGroup(table, groupBy) ? 'group_key' : 'NULL';
  return `WITH scope AS (${scoped(table, scope, groupBy, where)})
SELECT ${[`${isAll} AS is_all`, `${key} AS group_key`, ...columns, ...asked].join(', ')}
FROM scope GROUP BY GROUPING SETS (${sets})`;
};

/** Row of an answer, by the names of its columns. */
export type Asked = Record<string, Value>;

/** Rows of a statement as objects. Its named parameters are those of the scope. */
export const rowsOf = async (analysis: Analysis, sql: string, scope: Scope): Promise<Asked[]> => {
  const used: string[] = [];
  const params: Value[] = [];
  const numbered = sql.replace(/\$(sessions|since|until)\b/g, (_, word: keyof Scope) => {
    if (!used.includes(word)) {
      used.push(word);
      params.push(scope[word]!);
    }
    return `$${used.indexOf(word) + 1}`;
  });
  const { columns, rows } = await analysis.query(numbered, params);
  return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column.name, row[at]!])));
};

/** Asks a question; rows about everything have `is_all`. */
export const ask = (analysis: Analysis, question: Question, scope: Scope, by?: GroupBy): Promise<Asked[]> =>
  rowsOf(analysis, statementOf(question, scope, by), scope);
