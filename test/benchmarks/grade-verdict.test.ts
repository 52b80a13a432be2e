import { describe, expect, it } from 'vitest';
import {
  contradicts,
  type Expected,
  hasResults,
  judgeExit,
  judgeStatuses,
  verdictWithout,
} from '../../src/bench/grade-verdict.ts';

const expecting = (over: Partial<Expected> = {}): Expected => ({
  failToPass: ['new'],
  passToPass: ['old'],
  evalType: 'pass_and_fail',
  ...over,
});

const judge = (statuses: Record<string, string>, over: Partial<Expected> = {}) =>
  judgeStatuses(expecting(over), new Map(Object.entries(statuses)));

describe('a case is resolved', () => {
  it('when what failed passes, and what passed still does', () => {
    expect(judge({ new: 'PASSED', old: 'PASSED', other: 'FAILED' })).toEqual({
      resolved: true,
      resolution: 'full',
      reason: 'tests',
      message: '1 of 1 tests that failed pass, 1 of 1 that passed still do.',
      failToPass: { passed: 1, total: 1, failed: [] },
      passToPass: { passed: 1, total: 1, failed: [] },
    });
  });

  it.each([
    [{ new: 'XFAIL', old: 'XFAIL' }, true],
    [{ new: 'PASSED', old: 'SKIPPED' }, true],
    [{ new: 'SKIPPED', old: 'PASSED' }, false],
    [{ new: 'PASSED' }, false],
    [{ old: 'PASSED' }, false],
    [{ new: 'ERROR', old: 'PASSED' }, false],
    [{ new: 'PASSED', old: 'FAILED' }, false],
    [{ new: 'PASSED', old: 'ERROR' }, false],
    [{}, false],
  ])('%j: %s', (statuses, resolved) => expect(judge(statuses as Record<string, string>).resolved).toBe(resolved));

  it('in part when some of what failed passes and nothing broke', () => {
    const three = { failToPass: ['a', 'b', 'c'] };
    expect(judge({ a: 'PASSED', old: 'PASSED' }, three)).toMatchObject({
      resolved: false,
      resolution: 'partial',
      failToPass: { passed: 1, total: 3, failed: ['b', 'c'] },
    });
    expect(judge({ a: 'PASSED', old: 'FAILED' }, three).resolution).toBe('no');
    expect(judge({ old: 'PASSED' }, three).resolution).toBe('no');
  });

  it('without any listed test', () => {
    expect(judge({ x: 'PASSED' }, { failToPass: [], passToPass: [] }).resolution).toBe('full');
  });

  it('never because a log has words of its own for a test', () => {
    expect(judge({ new: 'PASSEDX', old: 'PASSED' })).toMatchObject({
      resolved: false,
      failToPass: { passed: 0, total: 1, failed: ['new'] },
    });
  });
});

describe('an id that was cut in a parameter', () => {
  const cut = { failToPass: ['t.py::test[log(photon'], passToPass: [] };
  it('stands for what begins so', () => {
    expect(judge({ 't.py::test[log(photon s)]': 'PASSED' }, cut).resolved).toBe(true);
    expect(judge({ 't.py::test[log(photon s)]': 'FAILED' }, cut).resolved).toBe(false);
  });
  it('stands for several that came out alike, and for none of those that did not', () => {
    expect(judge({ 't.py::test[log(photon a]': 'PASSED', 't.py::test[log(photon b]': 'XFAIL' }, cut).resolved).toBe(
      true,
    );
    expect(judge({ 't.py::test[log(photon a]': 'PASSED', 't.py::test[log(photon b]': 'FAILED' }, cut).resolved).toBe(
      false,
    );
  });
  it('is not any id that something begins with', () => {
    expect(judge({ newer: 'PASSED', old: 'PASSED' }).resolved).toBe(false);
    const whole = { failToPass: ['t.py::test[a]'], passToPass: [] };
    expect(judge({ 't.py::test[a][b]': 'PASSED' }, whole).resolved).toBe(false);
  });
});

describe('where a suite tells of failures only', () => {
  const failOnly = { evalType: 'fail_only' } as const;
  it.each([
    [{}, true],
    [{ other: 'FAILED' }, true],
    [{ new: 'FAILED' }, false],
    [{ old: 'FAILED' }, false],
    [{ new: 'SKIPPED', old: 'ERROR' }, true],
  ])('%j: %s', (statuses, resolved) =>
    expect(judge(statuses as Record<string, string>, failOnly).resolved).toBe(resolved),
  );
});

describe('a success command', () => {
  it.each([
    [0, true, 'The success command passes.'],
    [1, false, 'The success command ends with 1.'],
    [null, false, 'The success command ends with a signal.'],
  ])('that ends with %s', (code, resolved, message) => {
    expect(judgeExit(code)).toMatchObject({ resolved, message, failToPass: { total: 1, passed: resolved ? 1 : 0 } });
  });
});

describe('a verdict without tests', () => {
  it.each(['empty', 'patch.rejected', 'tests.silent', 'tests.timeout', 'log.contradicts'] as const)(
    'counts against the patch: %s',
    (reason) => {
      expect(verdictWithout(expecting(), reason, 'x')).toMatchObject({
        resolved: false,
        resolution: 'no',
        failToPass: { passed: 0, total: 1, failed: ['new'] },
      });
    },
  );
  it.each(['case.incomplete', 'case.invalid', 'setup.failed', 'environment', 'interrupted'] as const)(
    'counts for nothing: %s',
    (reason) => {
      expect(verdictWithout(expecting(), reason, 'x')).toMatchObject({
        resolved: null,
        resolution: 'ungradable',
        reason,
      });
    },
  );
});

describe('a log', () => {
  it.each([
    ['Executed 12 of 12 SUCCESS', true],
    ['Executed 0 of 0 ERROR', false],
    ['  14 passing (20ms)', true],
    ['  0 passing (1ms)', false],
    ['Tests:       3 passed, 3 total', true],
    ['Test Suites: 1 failed, 4 total', true],
    ['Test Suites: 0 total', false],
    ['# tests 5', true],
    ['# tests 0', false],
    ['12 specs, 0 failures', true],
    ['0 specs, 0 failures', false],
    ["case x': ok", true],
    ['sh: 1: pytest: not found', false],
    ['', false],
  ])('%j gives results: %s', (log, has) => expect(hasResults(log, new Map())).toBe(has));

  it('gives results when a test is in it', () => expect(hasResults('', new Map([['x', 'FAILED']]))).toBe(true));

  it('is not believed when its command failed and nothing in it did', () => {
    const passed = new Map([['new', 'PASSED']]);
    expect(contradicts(passed, 1)).toBe(true);
    expect(contradicts(passed, null)).toBe(true);
    expect(contradicts(passed, 0)).toBe(false);
    expect(contradicts(new Map([...passed, ['x', 'FAILED']]), 1)).toBe(false);
    expect(contradicts(new Map([...passed, ['x', 'ERROR']]), 1)).toBe(false);
    expect(contradicts(new Map(), 1)).toBe(false);
  });
});
