import type { MetricsFilter } from './metrics.ts';

export interface MetricsWish extends Omit<MetricsFilter, 'sessions'> {
  session?: { id: string; name: string };
  /** Where days begin at midnight, as the IANA names it; UTC if not said. */
  timeZone?: string;
}

/** All that the figures depend on, besides the rows. */
export const metricsQuestion = ({ session, since, until, groupBy, timeZone = 'UTC' }: MetricsWish): unknown => [
  'metrics',
  session?.id ?? null,
  since ?? null,
  until ?? null,
  groupBy ?? null,
  timeZone,
];
