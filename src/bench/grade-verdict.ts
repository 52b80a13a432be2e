import type { EvalType } from './instance.ts';
import type { Statuses } from './parsers/statuses.ts';

/** How many of a list did what they had to. */
export interface TestTally {
  passed: number;
  total: number;
  /** Those that did not, in the order of the list. */
  failed: string[];
}

/** `full`: everything passes. `partial`: some of what failed does, and nothing broke. `ungradable`: nobody can tell. */
export type Resolution = 'full' | 'partial' | 'no' | 'ungradable';

/**
 * Why a case came out as it did.
 *
 * - `tests`: the tests say so. `empty`: there was no patch, so nothing was run.
 * - Counted against the patch: `patch.rejected` (it does not apply), `tests.silent` (with it the tests give no results,
 *   without it they do), `tests.timeout` (likewise), `log.contradicts` (the command failed, and the log names no failure).
 * - Nobody's fault, never counted: `case.incomplete` (no tests are named), `case.invalid` (the test patch does not apply
 *   to the base), `setup.failed`, `environment` (the tests give no results without the patch either), `interrupted`.
 */
export type GradeReason =
  | 'tests'
  | 'empty'
  | 'patch.rejected'
  | 'tests.silent'
  | 'tests.timeout'
  | 'log.contradicts'
  | 'case.incomplete'
  | 'case.invalid'
  | 'setup.failed'
  | 'environment'
  | 'interrupted';

export interface CaseVerdict {
  /** Null when it could not be graded: an error of ours, never a failure of the agent. */
  resolved: boolean | null;
  resolution: Resolution;
  reason: GradeReason;
  /** One sentence for a person. */
  message: string;
  failToPass: TestTally;
  passToPass: TestTally;
}

/** What a case expects. Without any names, the command's exit code says it all. */
export interface Expected {
  failToPass: readonly string[];
  passToPass: readonly string[];
  evalType: EvalType;
}

const PASSING = new Set(['PASSED', 'XFAIL']);

/**
 * The name under which a log knows a test. Hundreds of listed ids are cut in the middle of a parameter (`test[log(a`):
 * those, and only those, stand for what begins so, as long as all of these came out alike.
 */
const knownAs = (test: string, statuses: Statuses): string | undefined => {
  if (statuses.has(test)) return test;
  if (test.split('[').length <= test.split(']').length) return undefined;
  const same = [...statuses.keys()].filter((name) => name.startsWith(test));
  return new Set(same.map((name) => PASSING.has(statuses.get(name)!))).size === 1 ? same[0] : undefined;
};

type Holds = (test: string, statuses: Statuses) => boolean;

const statusOf = (test: string, statuses: Statuses): string | undefined => {
  const name = knownAs(test, statuses);
  return name === undefined ? undefined : statuses.get(name);
};

const passes: Holds = (test, statuses) => PASSING.has(statusOf(test, statuses) ?? '');
/** What passed before may be skipped; what is to be mended may not. */
const staysWell: Holds = (test, statuses) => passes(test, statuses) || statusOf(test, statuses) === 'SKIPPED';
const doesNotFail: Holds = (test, statuses) => statuses.get(test) !== 'FAILED';

const tally = (tests: readonly string[], statuses: Statuses, holds: Holds): TestTally => {
  const failed = tests.filter((test) => !holds(test, statuses));
  return { passed: tests.length - failed.length, total: tests.length, failed };
};

/** Nothing was run: all tests count as not passed. */
export const noTally = (tests: readonly string[]): TestTally => ({
  passed: 0,
  total: tests.length,
  failed: [...tests],
});

/**
 * What statuses mean for a case, as the official harness has it. One difference: a status that is none of the known
 * words counts as a failure there and here, but there it also shortens the list, so that a log could talk a test away.
 * Source: SWE-bench/SWE-bench, `swebench/harness/grading.py`.
 */
export const judgeStatuses = (expected: Expected, statuses: Statuses): CaseVerdict => {
  const failOnly = expected.evalType === 'fail_only';
  const failToPass = tally(expected.failToPass, statuses, failOnly ? doesNotFail : passes);
  const passToPass = tally(expected.passToPass, statuses, failOnly ? doesNotFail : staysWell);
  const mended = failToPass.passed === failToPass.total;
  const kept = passToPass.passed === passToPass.total;
  const resolution = mended && kept ? 'full' : failToPass.passed > 0 && !mended && kept ? 'partial' : 'no';
  const message = `${failToPass.passed} of ${failToPass.total} tests that failed pass, ${passToPass.passed} of ${passToPass.total} that passed still do.`;
  return { resolved: resolution === 'full', resolution, reason: 'tests', message, failToPass, passToPass };
};

/** A case without names of tests: its success command passes or fails. */
export const judgeExit = (exitCode: number | null): CaseVerdict => {
  const passed = exitCode === 0;
  const failed = passed ? [] : ['success command'];
  return {
    resolved: passed,
    resolution: passed ? 'full' : 'no',
    reason: 'tests',
    message: passed ? 'The success command passes.' : `The success command ends with ${exitCode ?? 'a signal'}.`,
    failToPass: { passed: passed ? 1 : 0, total: 1, failed },
    passToPass: { passed: 0, total: 0, failed: [] },
  };
};

const COUNTS_AGAINST = new Set<GradeReason>([
  'empty',
  'patch.rejected',
  'tests.silent',
  'tests.timeout',
  'log.contradicts',
]);

/** A verdict that no test gave: a failure of the patch, or nothing at all. */
export const verdictWithout = (expected: Expected, reason: GradeReason, message: string): CaseVerdict => {
  const isFailure = COUNTS_AGAINST.has(reason);
  return {
    resolved: isFailure ? false : null,
    resolution: isFailure ? 'no' : 'ungradable',
    reason,
    message,
    failToPass: noTally(expected.failToPass),
    passToPass: noTally(expected.passToPass),
  };
};

/**
 * What runners print when they ran at least one test. A parser that knows failures only finds nothing in a good run,
 * and neither in one whose browser never came up: this tells them apart.
 */
const RAN = [
  /Executed [1-9]\d* of \d/,
  /TOTAL: [1-9]\d* (SUCCESS|FAILED)/,
  /[1-9]\d* passing/,
  /Tests:\s{1,40}[1-9]/,
  /Test Suites:\s{1,40}([0-9]+ [a-z]+, ){0,8}[1-9][0-9]* total/,
  /^# tests [1-9]/m,
  /[1-9]\d* specs?, \d+ failures?/,
  /': ok$/m,
];

/** Whether a log gives results at all. */
export const hasResults = (log: string, statuses: Statuses): boolean =>
  statuses.size > 0 || RAN.some((sign) => sign.test(log));

/** The command failed, and nothing in its log did: the log does not tell of the run that was. */
export const contradicts = (statuses: Statuses, exitCode: number | null): boolean =>
  exitCode !== 0 &&
  statuses.size > 0 &&
  ![...statuses.values()].some((status) => status === 'FAILED' || status === 'ERROR');
