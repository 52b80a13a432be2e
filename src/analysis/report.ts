import { type FailureFigures, failureOf, type ModelFigures, modelOf, type ToolFigures, toolOf } from './figures.ts';
import { allMetrics, type Figures, type Metrics, modelRows } from './metrics.ts';
import type { Analysis } from './open.ts';
import { BY_MODE, BY_MODEL, BY_TOOL, errors, toolCalls, usage, using } from './questions/figures.ts';
import { type Asked, ask, type Cut, type Question, rowsOf, type Scope } from './questions/question.ts';
import { CALLS, ITERATIONS, listStatement, SESSIONS, storyStatement } from './questions/report-lists.ts';

/** How many rows a list of the report has, and how many sessions have a page of their own. */
export const MOST = { extremes: 10, pages: 100 };

/** One session of the report: what it is, and its figures in that time. */
export interface ReportedSession {
  session: string;
  /** As in the table `sessions`. */
  row: Asked;
  figures: Figures;
}

export interface ReportPage {
  session: string;
  models: ModelFigures[];
  tools: ToolFigures[];
  failures: FailureFigures[];
  /** What happened, oldest first: see `storyStatement`. */
  story: Asked[];
}

/** All that a report says; its figures are those of `metrics`. */
export interface ReportFacts {
  metrics: Metrics;
  days: { day: string; figures: Figures }[];
  /** Newest first. */
  sessions: ReportedSession[];
  slowest: Asked[];
  dearest: Asked[];
  slowestCalls: Asked[];
  /** Of the newest sessions. */
  pages: ReportPage[];
}

/** What several sessions' answers are, by session. */
const bySession = <T>(rows: Asked[], make: (row: Asked) => T): Map<string, T[]> => {
  const all = new Map<string, T[]>();
  for (const row of rows) {
    const key = String(row['session']);
    const list = all.get(key) ?? [];
    all.set(key, list);
    list.push(make(row));
  }
  return all;
};

const pagesOf = async (analysis: Analysis, scope: Scope): Promise<ReportPage[]> => {
  if (scope.sessions!.length === 0) return [];
  const askBy = async (question: Question, cut: Cut): Promise<Asked[]> =>
    (await ask(analysis, question, scope, { own: { session: 'session', ...cut } })).own;
  const [tokens, iterations, calls, errorsOf] = await Promise.all([
    askBy(usage, BY_MODEL),
    askBy(using, BY_MODEL),
    askBy(toolCalls, BY_TOOL),
    askBy(errors, BY_MODE),
  ]);
  const used = bySession(modelRows([...tokens, ...iterations]), modelOf);
  const called = bySession(calls, toolOf);
  const failed = bySession(errorsOf, failureOf);
  const stories = bySession(await rowsOf(analysis, storyStatement(scope), scope), (row) => row);
  return scope.sessions!.map((session) => ({
    session,
    models: (used.get(session) ?? []).sort((a, b) => Number(b.costUsd ?? -1) - Number(a.costUsd ?? -1)),
    tools: (called.get(session) ?? []).sort((a, b) => b.toolCalls - a.toolCalls),
    failures: (failed.get(session) ?? []).sort((a, b) => b.errors - a.errors),
    story: stories.get(session) ?? [],
  }));
};

/** Reads everything that a report of this part of the history says. */
export const reportFacts = async (analysis: Analysis, scope: Scope): Promise<ReportFacts> => {
  const { groups: byKind, ...all } = await allMetrics(analysis, scope, ['session', 'day']);
  const metrics: Metrics = { ...all, groups: byKind.session! };
  const groups = [...byKind.session!].reverse();
  const ids = groups.flatMap(({ group }) => group ?? []);
  const own = { sessions: ids };
  const rows = new Map((await rowsOf(analysis, SESSIONS, own)).map((row) => [String(row['session']), row]));
  const sessions = groups.map(({ group, figures }) => ({
    session: String(group),
    row: rows.get(String(group)) ?? {},
    figures: figures as Figures,
  }));
  const days = byKind.day!;
  const list = (statement: typeof ITERATIONS, order: string): Promise<Asked[]> =>
    rowsOf(analysis, listStatement(statement, scope, order, MOST.extremes), scope);
  return {
    metrics,
    days: days.flatMap(({ group, figures }) => (group === null ? [] : [{ day: group, figures: figures as Figures }])),
    sessions,
    slowest: await list(ITERATIONS, 'duration_ms'),
    dearest: await list(ITERATIONS, 'cost_usd'),
    slowestCalls: await list(CALLS, 'duration_ms'),
    pages: await pagesOf(analysis, { ...scope, sessions: ids.slice(0, MOST.pages) }),
  };
};
