import { it } from 'vitest';

const ALL = Boolean(process.env['TEST_ALL']);

/**
 * A test of a rarer case beside others of its kind: TEST_ALL=1 (`npm run test:all`) plays it, a day does not, so that a
 * day's tests stay within their time.
 */
export const rarely = ((...args: Parameters<typeof it>) => {
  if (ALL) it(...args);
}) as typeof it;
