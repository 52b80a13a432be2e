import { type Metrics, type MetricsFilter, metricsOf } from './metrics.ts';
import type { Analysis } from './open.ts';

export interface MetricsWish extends Omit<MetricsFilter, 'sessions'> {
  session?: { id: string; name: string };
}

/** What `metrics` answers: the figures of everything on top, what they are made of below. */
export const metricsAnswer = async (analysis: Analysis, { session, ...filter }: MetricsWish) => {
  const asked = { ...filter, ...(session && { sessions: [session.id] }) };
  const { total, ...parts }: Metrics = await metricsOf(analysis, asked);
  return {
    ...(session && { session: session.id, name: session.name }),
    repositories: analysis.repos.map(({ path }) => path),
    since: filter.since ?? null,
    until: filter.until ?? null,
    ...total,
    ...(filter.groupBy && { groupBy: filter.groupBy }),
    ...parts,
  };
};
