import { list } from '../text.ts';

/** Whose spans are wanted. */
export interface SpanScope {
  /** Ids; undefined: all. */
  sessions: readonly string[] | undefined;
  /** Ids of those that must stay here. */
  without: readonly string[];
}

const among = (ids: readonly string[]): string => `(SELECT unnest(${list(ids)}::VARCHAR[]))`;

const where = ({ sessions, without }: SpanScope): string => {
  const all = [
    ...(sessions === undefined ? [] : [`session IN ${among(sessions)}`]),
    ...(without.length === 0 ? [] : [`session NOT IN ${among(without)}`]),
  ];
  return all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
};

const ORDER = 'ORDER BY repo, session, writer, seq';

/** A writer gives each number to one iteration; a log that was damaged may say otherwise. */
const RUNS = `SELECT session, writer, iteration, min(seq) AS run, max(finished_at) AS run_finished_at,
  min(thread_id) AS thread_id FROM iterations GROUP BY ALL`;

/** Rows of each kind of span: their columns are those of the tables. */
export const STATEMENTS = {
  session: (scope: SpanScope): string => `SELECT repo, session, name, status, agent, mode, base, base_commit, branch,
    head, created_at, last_activity_at, merged_at, merged_into FROM sessions ${where(scope)} ORDER BY repo, session`,
  iteration: (scope: SpanScope): string => `SELECT * FROM iterations ${where(scope)} ${ORDER}`,
  tool: (scope: SpanScope): string => `SELECT * EXCLUDE (summary)
    FROM (SELECT * FROM tool_calls ${where(scope)}) LEFT JOIN (${RUNS}) USING (session, writer, iteration) ${ORDER}`,
  test: (scope: SpanScope): string => `SELECT * FROM test_runs ${where(scope)} ${ORDER}`,
  git: (scope: SpanScope): string => `SELECT * FROM git_operations ${where(scope)} ${ORDER}`,
} as const;

export type SpanKind = keyof typeof STATEMENTS;

/** The parents first. */
export const SPAN_KINDS = Object.keys(STATEMENTS) as SpanKind[];
