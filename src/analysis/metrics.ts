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
import {
  BY_MODE,
  BY_MODEL,
  BY_TOOL,
  errors,
  FIGURES,
  iterationDays,
  toolCalls,
  usage,
  using,
} from './questions/figures.ts';
import {
  type Asked,
  type AskedTable,
  ask,
  type Cut,
  cutBy,
  type GroupBy,
  rowsOf,
  type Scope,
} from './questions/question.ts';
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

/** Rows by the key of their group. */
type Groups = Map<string | null, Asked>;

/** What several questions say of the same things, as one row each. */
const merged = <Key>(answers: readonly Asked[], keyOf: (row: Asked) => Key): Map<Key, Asked> => {
  const rows = new Map<Key, Asked>();
  for (const row of answers) {
    const key = keyOf(row);
    const known = rows.get(key);
    if (known) Object.assign(known, row);
    else rows.set(key, row);
  }
  return rows;
};

const together = (answers: readonly Asked[]): Groups =>
  merged(answers, (row) => (row['group_key'] ?? null) as string | null);

const compare = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;

const inOrder = (rows: Groups): [key: string | null, row: Asked][] => [...rows].sort(([a], [b]) => compare(a, b));

const groupsIn = (rows: Groups, by: GroupBy): Group[] =>
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

/** The most used first. */
const byCalls = (a: ToolFigures, b: ToolFigures): number => b.toolCalls - a.toolCalls || compare(a.tool, b.tool);

/** The most frequent first. */
const byErrors = (a: FailureFigures, b: FailureFigures): number => b.errors - a.errors || compare(a.mode, b.mode);

/** The dearest first. */
const byCost = (a: ModelFigures, b: ModelFigures): number =>
  Number(b.costUsd ?? -1) - Number(a.costUsd ?? -1) ||
  (b.tokensOutput ?? 0) - (a.tokensOutput ?? 0) ||
  compare(a.model, b.model) ||
  compare(a.agent, b.agent);

/** What several questions say of models, of those of each session where that is told. */
export const modelRows = (answers: readonly Asked[]): Asked[] => {
  const rows = merged(answers, (row) => JSON.stringify([row['session'], row['model'], row['agent']]));
  return [...rows.values()];
};

/** What some questions are asked beside the figures of groups. */
const BESIDE: Record<string, Record<string, Cut>> = {
  [usage.name]: { models: BY_MODEL },
  [toolCalls.name]: { tools: BY_TOOL },
  [errors.name]: { failures: BY_MODE },
};

/** What is told of each day: apart, as its sums are of other rows than those of models. */
const OF_DAYS = [iterationDays, usage];

/** Cuts of a table into groups of several kinds, as far as it knows of them. */
const cutsBy = (table: AskedTable, bys: readonly GroupBy[]): Record<string, Cut> => {
  const cuts: Record<string, Cut> = {};
  for (const by of bys) {
    const cut = cutBy(table, by);
    if (cut) cuts[by] = cut;
  }
  return cuts;
};

/** Rows of every question, by what they were asked for: `all`, a kind of groups, `models`, `tools`, `failures`, `days`. */
const askAll = async (analysis: Analysis, scope: Scope, bys: readonly GroupBy[]): Promise<Record<string, Asked[]>> => {
  // They run beside each other; each on several threads of its own would cost half as much again.
  await analysis.run('SET threads = 1');
  const figures: Promise<Record<string, Asked[]>>[] = FIGURES.map((question) =>
    ask(analysis, question, scope, { all: {}, ...cutsBy(question.table, bys), ...BESIDE[question.name] }),
  );
  const ofModels = bys.filter((by) => by === 'model');
  for (const question of OF_DAYS) figures.push(ask(analysis, question, scope, { days: cutBy(question.table, 'day')! }));
  figures.push(ask(analysis, using, scope, { models: BY_MODEL, ...cutsBy(using.table, ofModels) }));
  const counts = [undefined, ...bys].map(
    async (by): Promise<Record<string, Asked[]>> => ({
      [by ?? 'all']: await rowsOf(analysis, sessionsStatement(scope, by), scope),
    }),
  );
  const rows: Record<string, Asked[]> = {};
  for (const answer of await Promise.all([...figures, ...counts]))
    for (const [title, own] of Object.entries(answer)) rows[title] = (rows[title] ?? []).concat(own);
  return rows;
};

export interface AllMetrics extends Omit<Metrics, 'groups'> {
  groups: Partial<Record<GroupBy, Group[]>>;
}

/** Every figure of a part of the history, of the whole and of groups of several kinds. */
export const allMetrics = async (analysis: Analysis, scope: Scope, bys: readonly GroupBy[]): Promise<AllMetrics> => {
  const rows = await askAll(analysis, scope, bys);
  const of = (title: string): Asked[] => rows[title] ?? [];
  const groups: AllMetrics['groups'] = {};
  for (const by of bys) {
    const own = groupsIn(together(of(by)), by);
    groups[by] = by === 'session' ? await named(analysis, own, scope) : own;
  }
  const days = inOrder(together(of('days')));
  return {
    total: figuresOf(together(of('all')).get(null) ?? {}),
    groups,
    models: modelRows(of('models')).map(modelOf).sort(byCost),
    tools: of('tools').map(toolOf).sort(byCalls),
    failures: of('failures').map(failureOf).sort(byErrors),
    days: days.flatMap(([day, row]) => (day === null ? [] : [dayOf(day, row)])),
  };
};

/** Every figure of a part of the history. */
export const metricsOf = async (analysis: Analysis, { groupBy, ...scope }: MetricsFilter = {}): Promise<Metrics> => {
  const { groups, total, ...parts } = await allMetrics(analysis, scope, groupBy ? [groupBy] : []);
  return { total, ...(groupBy && { groups: groups[groupBy]! }), ...parts };
};
