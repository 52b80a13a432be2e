import type { Analysis, Answer } from '../open.ts';
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

/** What rows of a table are told apart by: names of columns, and what they are. Nothing: all rows are one group. */
export type Cut = Readonly<Record<string, string>>;

/** Figures in SQL over one table. */
export interface Question {
  name: string;
  /** One sentence: what its figures are. */
  says: string;
  /** Table whose rows are counted. */
  table: AskedTable;
  /** Figures, by their names: expressions with an aggregate. */
  figures: Readonly<Record<string, string>>;
  /** Where they are as true of sums of rows as of rows: a few sums are quicker told apart than all rows. */
  sums?: Sums;
}

/** Rows that are alike in some columns become one, with aggregates by their names. */
export interface Sums {
  alike: readonly string[];
  of: Readonly<Record<string, string>>;
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

/** To find out the day of a moment takes as long as all sums: sums of a quarter of an hour have theirs found out instead. */
const QUARTER_US = 900_000_000;

const dayOf = (time: string): string => `strftime(${time}, '%Y-%m-%d')`;

const HAS_AGENT: readonly AskedTable[] = ['iterations', 'usage', 'tool_calls', 'test_runs', 'commits', 'errors'];

/** What a row of a table is grouped by; undefined where the table knows nothing of it. */
const keyOf = (table: AskedTable, by: GroupBy): string | undefined => {
  if (by === 'session') return 'session';
  if (by === 'repository') return 'repo';
  // The zone of the connection is UTC.
  if (by === 'day') return dayOf(TIMES[table]);
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

/** By the group that a row belongs to; undefined where the table knows nothing of it. */
export const cutBy = (table: AskedTable, by: GroupBy): Cut | undefined => {
  const key = keyOf(table, by);
  return key === undefined ? undefined : { group_key: key };
};

/** Bits of the parts by which rows are not told apart, the first one highest: as `grouping` has them. */
const numberOf = (parts: readonly string[], cut: Cut): number =>
  parts.reduce((bits, part) => bits * 2 + (Object.values(cut).includes(part) ? 0 : 1), 0);

/** Rows, or sums of them, each with what it is told apart by. */
const toldRows = ({ table, sums }: Question, scope: Scope, parts: readonly string[]): string => {
  const rows = scoped(table, scope);
  if (!sums) return `SELECT ${['*', ...parts.map((part, at) => `${part} AS cut_${at}`)].join(', ')} FROM (${rows})`;
  const isDay = (part: string): boolean => part === dayOf(TIMES[table]);
  // Wherever people live, midnight is at a quarter of an hour of UTC.
  const summed = parts.map((part, at) =>
    isDay(part) ? `epoch_us(${TIMES[table]}) // ${QUARTER_US} AS quarter` : `${part} AS cut_${at}`,
  );
  const of = Object.entries(sums.of).map(([column, expression]) => `${expression} AS ${name(column)}`);
  const days = parts.flatMap((part, at) =>
    isDay(part) ? `${dayOf(`make_timestamptz(quarter * ${QUARTER_US})`)} AS cut_${at}` : [],
  );
  const inner = `SELECT ${[...summed, ...sums.alike, ...of].join(', ')} FROM (${rows}) GROUP BY ALL`;
  return `SELECT ${['*', ...days].join(', ')} FROM (${inner})`;
};

/**
 * The statement that answers a question for several cuts with one look at the table. Its columns: which cut a row is of,
 * each of the parts that cuts are made of, each figure.
 */
const cutting = (question: Question, scope: Scope, cuts: readonly Cut[]): { sql: string; parts: string[] } => {
  const parts = [...new Set(cuts.flatMap((cut) => Object.values(cut)))];
  const places = parts.map((_, at) => `cut_${at}`);
  const setOf = (cut: Cut): string =>
    `(${places.filter((_, at) => Object.values(cut).includes(parts[at]!)).join(', ')})`;
  const sets = new Set(cuts.map(setOf));
  const number = parts.length === 0 ? '0' : `grouping(${places.join(', ')})`;
  const asked = Object.entries(question.figures).map(([column, expression]) => `${expression} AS ${name(column)}`);
  const sql = `SELECT ${[`${number} AS cut`, ...places, ...asked].join(', ')}
FROM (${toldRows(question, scope, parts)}) GROUP BY GROUPING SETS (${[...sets].join(', ')})`;
  return { sql, parts };
};

/** Row of an answer, by the names of its columns. */
export type Asked = Record<string, Value>;

/** Its named parameters, those of the scope, by number. */
const answerTo = (analysis: Analysis, sql: string, scope: Scope): Promise<Answer> => {
  const used: string[] = [];
  const params: Value[] = [];
  const numbered = sql.replace(/\$(sessions|since|until)\b/g, (_, word: keyof Scope) => {
    if (!used.includes(word)) {
      used.push(word);
      params.push(scope[word]!);
    }
    return `$${used.indexOf(word) + 1}`;
  });
  return analysis.query(numbered, params);
};

const asObject = (names: readonly string[], row: readonly Value[]): Asked => {
  const made: Asked = {};
  for (let at = 0; at < names.length; at++) made[names[at]!] = row[at]!;
  return made;
};

/** Rows of a statement as objects. Its named parameters are those of the scope. */
export const rowsOf = async (analysis: Analysis, sql: string, scope: Scope): Promise<Asked[]> => {
  const { columns, rows } = await answerTo(analysis, sql, scope);
  const names = columns.map((column) => column.name);
  return rows.map((row) => asObject(names, row));
};

/** Asks a question for several cuts at once: the rows of each, with the columns of that cut and the figures. */
export const ask = async <Title extends string>(
  analysis: Analysis,
  question: Question,
  scope: Scope,
  cuts: Readonly<Record<Title, Cut>>,
): Promise<Record<Title, Asked[]>> => {
  const { sql, parts } = cutting(question, scope, Object.values(cuts));
  const { columns, rows } = await answerTo(analysis, sql, scope);
  const answer = Object.entries<Cut>(cuts).map(([title, cut]) => {
    const number = numberOf(parts, cut);
    const names = columns.map((column) => column.name);
    for (const [as, part] of Object.entries(cut)) names[parts.indexOf(part) + 1] = as;
    return [title, rows.filter(([of]) => of === number).map((row) => asObject(names, row))];
  });
  return Object.fromEntries(answer);
};
