import { type AskedTable, canGroup, type GroupBy, type Scope, scoped } from './question.ts';

const TABLES: readonly AskedTable[] = [
  'sessions',
  'iterations',
  'usage',
  'tool_calls',
  'test_runs',
  'commits',
  'git_operations',
  'errors',
];

/** Sessions that were made, or of which anything is told: a row for everything, and one for each group. */
export const sessionsStatement = (scope: Scope, by?: GroupBy): string => {
  const tables = TABLES.filter((table) => canGroup(table, by));
  const parts = tables.map((table) => `SELECT DISTINCT group_key, session FROM (${scoped(table, scope, by)})`);
  const sets = by ? '(), (group_key)' : '()';
  return `SELECT ${by ? 'grouping(group_key) = 1' : 'true'} AS is_all, ${by ? 'group_key' : 'NULL'} AS group_key,
count(DISTINCT session) AS sessions FROM (${parts.join(' UNION ALL ')}) GROUP BY GROUPING SETS (${sets})`;
};

/** Names of sessions, in the order in which they were made. */
export const namesStatement = ({ sessions }: Scope): string =>
  `SELECT session, name FROM sessions${sessions ? ' WHERE session IN (SELECT unnest($sessions))' : ''}
ORDER BY created_at, session`;
