import { type Metrics, metricsOf } from './metrics.ts';
import { type MetricsWish, metricsQuestion } from './metrics-question.ts';
import type { Analysis } from './open.ts';
import { quote } from './text.ts';

export type { MetricsWish } from './metrics-question.ts';

/** Days are cut in the zone of the database. @returns the one that it has now: UTC where it does not know the other */
const setZone = async (analysis: Analysis, zone: string): Promise<string> => {
  const { rows } = await analysis.query('SELECT name FROM pg_timezone_names() WHERE name = $1', [zone]);
  const known = rows.length > 0 ? zone : 'UTC';
  await analysis.run(`SET GLOBAL TimeZone = ${quote(known)}`);
  return known;
};

/** What `metrics` answers: the figures of everything on top, what they are made of below. */
export const metricsAnswer = async (analysis: Analysis, given: MetricsWish) => {
  const { session, timeZone: asked = 'UTC', ...filter } = given;
  const { timeZone, metrics } = await analysis.recall(metricsQuestion(given), async () => ({
    timeZone: asked === 'UTC' ? asked : await setZone(analysis, asked),
    metrics: await metricsOf(analysis, { ...filter, ...(session && { sessions: [session.id] }) }),
  }));
  const { total, ...parts }: Metrics = metrics;
  return {
    ...(session && { session: session.id, name: session.name }),
    repositories: analysis.repos.map(({ path }) => path),
    since: filter.since ?? null,
    until: filter.until ?? null,
    timeZone,
    ...total,
    ...(filter.groupBy && { groupBy: filter.groupBy }),
    ...parts,
  };
};
