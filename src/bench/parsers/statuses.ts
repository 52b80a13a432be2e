/** How one test ended, in the words of the official harness. */
export type TestStatus = 'PASSED' | 'FAILED' | 'SKIPPED' | 'ERROR' | 'XFAIL';

/** Of each test that a log names, how it ended last; other words than the known ones count as failures. */
export type Statuses = Map<string, string>;

/** Makes statuses out of what a test command printed. */
export type LogParser = (log: string) => Statuses;

export const STATUSES: readonly TestStatus[] = ['FAILED', 'PASSED', 'SKIPPED', 'ERROR', 'XFAIL'];
