import {
  type DayFigures,
  dayOf,
  type FailureFigures,
  type Figures,
  failureOf,
  figuresOf,
  type ModelFigures,
  modelOf,
  type ToolFigures,
  toolOf,
  type Used,
  usedOf,
} from './figures.ts';
import type { Analysis } from './open.ts';
import { FIGURES, failures, iterations, models, tools, usage } from './questions/figures.ts';
import { type Asked, ask, type GroupBy, type Question, rowsOf, type Scope } from './questions/question.ts';
import { namesStatement, sessionsStatement } from './questions/sessions.ts';

export type { DayFigures, FailureFigures, Figures, ModelFigures, ToolFigures, Used } from './figures.ts';
export { GROUPS, type GroupBy, type Scope } from './questions/question.ts';

export interface MetricsFilter extends Scope {
  groupBy?: GroupBy;
}

/** Figures of what belongs together. */
export type Group = {
  /** Id of a session, name of an agent or model, folder of a repository, or a day (UTC); null: none is told. */
  group: string | null;
  /** Of a session, its name. */
  name?: string;
  /** Of a model only what is told of models: sessions, iterations that used it, tokens and money. */
  figures: Figures | OfModel;
};

type OfModel = Used & Pick<Figures, 'sessions' | 'iterations'>;

export interface Metrics {
  total: Figures;
  /** By name; sessions in the order in which they were made. Only with `groupBy`. */
  groups?: Group[];
  models: ModelFigures[];
  tools: ToolFigures[];
  failures: FailureFigures[];
  /** Days (UTC) on which an iteration began, in their order. */
  days: DayFigures[];
}

/** Of a group by its key; the total has a key of its own. */
const TOTAL = Symbol('total');
type Key = string | null | typeof TOTAL;

const keyOf = (row: Asked): Key => (row['is_all'] === true ? TOTAL : (row['group_key'] as string | null));

/** What several questions say of each group, as one row each. */
const together = (answers: readonly Asked[][]): Map<Key, Asked> => {
  const rows = new Map<Key, Asked>([[TOTAL, {}]]);
  for (const row of answers.flat()) rows.set(keyOf(row), { ...rows.get(keyOf(row)), ...row });
  return rows;
};

const answersTo = async (
  analysis: Analysis,
  questions: readonly Question[],
  scope: Scope,
  by?: GroupBy,
): Promise<Asked[][]> => {
  const answers: Asked[][] = [];
  for (const question of questions) answers.push(await ask(analysis, question, scope, by));
  return answers;
};

const compare = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;

const inOrder = (rows: Map<Key, Asked>): [key: string | null, row: Asked][] =>
  [...rows]
    .flatMap(([key, row]): [string | null, Asked][] => (key === TOTAL ? [] : [[key as string | null, row]]))
    .sort(([a], [b]) => compare(a, b));

const groupsIn = (rows: Map<Key, Asked>, by: GroupBy): Group[] =>
  inOrder(rows).map(([group, row]) => ({ group, figures: by === 'model' ? ofModel(row) : figuresOf(row) }));

const ofModel = (row: Asked): OfModel => ({
  sessions: Number(row['sessions']),
  iterations: Number(row['iterations_using']),
  ...usedOf(row),
});

/** Sessions by their birth, each with its name. */
const named = async (analysis: Analysis, groups: Group[], scope: Scope): Promise<Group[]> => {
  const names = new Map<unknown, { at: number; name: string }>();
  for (const [at, { session, name }] of (await rowsOf(analysis, namesStatement(scope), scope)).entries())
    names.set(session, { at, name: String(name ?? '') });
  const at = ({ group }: Group): number => names.get(group)?.at ?? names.size;
  return groups
    .sort((a, b) => at(a) - at(b))
    .map(({ group, figures }) => ({ group, name: names.get(group)?.name ?? '', figures }));
};

/** Figures of everything, and of each group. */
export const figuresBy = async (
  analysis: Analysis,
  { groupBy, ...scope }: MetricsFilter,
): Promise<{ total: Figures; groups: Group[] }> => {
  const counted = [await rowsOf(analysis, sessionsStatement(scope), scope)];
  // Some sessions belong to no agent and to no model, and are counted all the same.
  if (groupBy) counted.unshift(await rowsOf(analysis, sessionsStatement(scope, groupBy), scope));
  const rows = together([...counted, ...(await answersTo(analysis, FIGURES, scope, groupBy))]);
  const groups = groupBy ? groupsIn(rows, groupBy) : [];
  const total = figuresOf(rows.get(TOTAL)!);
  return { total, groups: groupBy === 'session' ? await named(analysis, groups, scope) : groups };
};

/** The dearest first. */
const byCost = (a: ModelFigures, b: ModelFigures): number =>
  Number(b.costUsd ?? -1) - Number(a.costUsd ?? -1) ||
  (b.tokensOutput ?? 0) - (a.tokensOutput ?? 0) ||
  compare(a.model, b.model) ||
  compare(a.agent, b.agent);

export const modelsOf = async (analysis: Analysis, scope: Scope): Promise<ModelFigures[]> =>
  (await ask(analysis, models, scope)).map(modelOf).sort(byCost);

/** The most used first. */
export const toolsOf = async (analysis: Analysis, scope: Scope): Promise<ToolFigures[]> =>
  (await ask(analysis, tools, scope)).map(toolOf).sort((a, b) => b.toolCalls - a.toolCalls || compare(a.tool, b.tool));

/** The most frequent first. */
export const failuresOf = async (analysis: Analysis, scope: Scope): Promise<FailureFigures[]> =>
  (await ask(analysis, failures, scope)).map(failureOf).sort((a, b) => b.errors - a.errors || compare(a.mode, b.mode));

export const daysOf = async (analysis: Analysis, scope: Scope): Promise<DayFigures[]> => {
  const rows = together(await answersTo(analysis, [iterations, usage], scope, 'day'));
  return inOrder(rows).flatMap(([day, row]) => (day === null ? [] : [dayOf(day, row)]));
};

/** Every figure of a part of the history. */
export const metricsOf = async (analysis: Analysis, filter: MetricsFilter = {}): Promise<Metrics> => {
  const { groupBy, ...scope } = filter;
  const { total, groups } = await figuresBy(analysis, filter);
  return {
    total,
    ...(groupBy && { groups }),
    models: await modelsOf(analysis, scope),
    tools: await toolsOf(analysis, scope),
    failures: await failuresOf(analysis, scope),
    days: await daysOf(analysis, scope),
  };
};
