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

/** Of all times every session that has a row anywhere has one of its own. */
const tablesFor = ({ since, until }: Scope, by: GroupBy | undefined): readonly AskedTable[] => {
  const isOwn = by === undefined || by === 'session' || by === 'repository';
  return isOwn && since === undefined && until === undefined ? ['sessions'] : TABLES;
};

/** Sessions that were made, or of which anything is told: one row for everything, or one for each group. */
export const sessionsStatement = (scope: Scope, by?: GroupBy): string => {
  const tables = tablesFor(scope, by).filter((table) => canGroup(table, by));
  const parts = tables.map((table) => `SELECT DISTINCT group_key, session FROM (${scoped(table, scope, by)})`);
  return `SELECT group_key, count(DISTINCT session) AS sessions FROM (${parts.join(' UNION ALL ')}) GROUP BY group_key`;
};

/** Names of sessions, in the order in which they were made. */
export const namesStatement = ({ sessions }: Scope): string =>
  `SELECT session, name FROM sessions${sessions ? ' WHERE session IN (SELECT unnest($sessions))' : ''}
ORDER BY created_at, session`;
