import { type AskedTable, type Scope, scoped } from './question.ts';

/** Rows, not figures: what a report lists one by one. */

export const SESSIONS = `SELECT session, repo, name, prompt, status, agent, mode, base, branch, created_at,
last_activity_at, merged_at, merged_into, pull_request FROM sessions WHERE session IN (SELECT unnest($sessions))`;

interface List {
  table: AskedTable;
  columns: string;
}

export const ITERATIONS: List = {
  table: 'iterations',
  columns: `session, iteration, line, agent, coalesce(model, mode) AS model, subject, outcome, duration_ms,
started_at, cost_usd, cost_source, cost_is_lower_bound`,
};

export const CALLS: List = {
  table: 'tool_calls',
  columns: 'session, iteration, line, tool, summary, failed, duration_ms, started_at',
};

/** The rows with the most of something; those that have nothing of it are none of them. */
export const listStatement = ({ table, columns }: List, scope: Scope, order: string, most: number): string =>
  `SELECT ${columns}, (SELECT any_value(name) FROM sessions s WHERE s.session = one.session) AS name
FROM (${scoped(table, scope, undefined, `${order} > 0`)}) one ORDER BY ${order} DESC, session, writer, seq LIMIT ${most}`;

/** What happened in sessions, in the order in which it began. */
export const storyStatement = (scope: Scope): string => {
  const parts: [AskedTable, string, string?][] = [
    [
      'iterations',
      `1 AS rank, started_at AS began, 'iteration' AS kind, subject AS says, outcome, duration_ms, files, insertions,
deletions, fate, cost_usd, cost_source, cost_is_lower_bound, agent, reason AS target`,
    ],
    [
      'test_runs',
      "2 AS rank, finished_at AS began, 'tests' AS kind, command AS says, coalesce(verdict, CASE WHEN interrupted THEN 'interrupted' WHEN passed THEN 'passed' ELSE 'failed' END) AS outcome, duration_ms, target",
    ],
    ['errors', '3 AS rank, "at" AS began, \'error\' AS kind, message AS says, mode AS outcome, recovered_by AS fate'],
    [
      'commits',
      '4 AS rank, "at" AS began, \'commit\' AS kind, subject AS says, files, insertions, deletions, fate, author_name AS agent',
      "kind = 'manual'",
    ],
    [
      'git_operations',
      "5 AS rank, started_at AS began, 'operation' AS kind, detail AS says, outcome, duration_ms, target, verb AS agent",
    ],
  ];
  const selects = parts.map(([table, columns, where]) => {
    const iteration = table === 'git_operations' ? '' : 'iteration, ';
    return `SELECT session, line, writer, seq, ${iteration}${columns} FROM (${scoped(table, scope, undefined, where)})`;
  });
  return `${selects.join('\nUNION ALL BY NAME ')}\nORDER BY session, began NULLS FIRST, rank, writer, seq`;
};
