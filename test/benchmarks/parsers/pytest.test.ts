import { describe, expect, it } from 'vitest';
import {
  parseMatplotlib,
  parsePytest,
  parsePytestOptions,
  parsePytestV2,
  parseSeaborn,
} from '../../../src/bench/parsers/pytest.ts';

const SUMMARY = `============================= test session starts ==============================
collected 7 items

testing/test_a.py .F.sxE                                                 [100%]

=================================== FAILURES ===================================
E       AssertionError: PASSED is no status here
=========================== short test summary info ============================
PASSED testing/test_a.py::test_one
PASSED testing/test_a.py::test_param[a b]
SKIPPED [2] testing/test_a.py:12: no reason
XFAIL testing/test_a.py::test_known - reason: later
FAILED testing/test_a.py::test_two - AssertionError: x - y
FAILED testing/test_a.py::test_three[a - b] - assert 1 == 2
ERROR testing/test_a.py::test_four - OSError: gone
==================== 2 failed, 2 passed, 1 skipped in 0.12s ====================
`;

describe('the summary of pytest', () => {
  it('names tests up to their first space', () => {
    expect([...parsePytest(SUMMARY)]).toEqual([
      ['testing/test_a.py::test_one', 'PASSED'],
      ['testing/test_a.py::test_param[a', 'PASSED'],
      ['testing/test_a.py::test_known', 'XFAIL'],
      ['testing/test_a.py::test_two', 'FAILED'],
      ['testing/test_a.py::test_three[a', 'FAILED'],
      ['testing/test_a.py::test_four', 'ERROR'],
    ]);
  });

  it('counts by the last word on a test', () => {
    expect([...parsePytest('PASSED a::b\nFAILED a::b - x\n')]).toEqual([['a::b', 'FAILED']]);
  });

  it('keeps what looks like progress, which some lists expect', () => {
    expect(parsePytest('PASSED [100%]\nSKIPPED [3] x.py:1: y\nSKIPPED [x] a').get('[100%]')).toBe('PASSED');
    expect([...parsePytest('SKIPPED [3] x.py:1: y')]).toEqual([]);
    expect([...parsePytest('SKIPPED a::b')]).toEqual([['a::b', 'SKIPPED']]);
  });

  it('is read whatever the line ends, and not where a status stands alone or inside', () => {
    expect([...parsePytest('PASSED a::b\r\nPASSED\r\n PASSED c::d\rFAILED e::f\r')]).toEqual([
      ['a::b', 'PASSED'],
      ['e::f', 'FAILED'],
    ]);
  });

  it('splits words where Python does', () => {
    expect([...parsePytest('PASSED\u00a0a::b\u2003c\nPASSED\u001cd::e\nPASSED f\ufeffg')]).toEqual([
      ['a::b', 'PASSED'],
      ['d::e', 'PASSED'],
      ['f\ufeffg', 'PASSED'],
    ]);
  });
});

describe('parameters that are paths', () => {
  it.each([
    ['t.py::a[/home/me/x/file.dcm]', 't.py::a[/file.dcm]'],
    ['t.py::a[//host/share]', 't.py::a[//host/share]'],
    ['t.py::a[/x/*.py]', 't.py::a[/x/*.py]'],
    ['t.py::a[plain]', 't.py::a[plain]'],
    ['t.py::a[/x/y][/z/w]', 't.py::a[/w]'],
    ['t.py::a', 't.py::a'],
  ])('%s is %s', (given, named) => expect([...parsePytestOptions(`PASSED ${given}`).keys()]).toEqual([named]));
});

describe('newer summaries', () => {
  it('keep the spaces of an id, lose colours and what a failure said', () => {
    const log = [
      '\u001b[32mPASSED\u001b[0m a.py::t[x y]',
      '\u001b[31mFAILED\u001b[0m a.py::\u001b[1mu[p q]\u001b[0m - assert 1',
      'a.py::old PASSED',
      'a.py::old two  FAILED',
      'SKIPPED [1] a.py:3: x',
      'PASSED',
    ].join('\n');
    expect([...parsePytestV2(log)]).toEqual([
      ['a.py::t[x y]', 'PASSED'],
      ['a.py::u[p q]', 'FAILED'],
      ['a.py::old', 'PASSED'],
      ['a.py::old two', 'FAILED'],
    ]);
  });
});

describe('dialects', () => {
  it('of matplotlib: buttons are numbers', () => {
    expect([...parseMatplotlib('PASSED t.py::a[MouseButton.LEFT-MouseButton.RIGHT]\n')]).toEqual([
      ['t.py::a[1-3]', 'PASSED'],
    ]);
  });

  it('of seaborn: with the progress behind', () => {
    const log = 't.py::a PASSED [ 10%]\nFAILED t.py::b - x\nPASSED t.py::c\nt.py::d x PASSED [1%]\nPASSED\n';
    expect([...parseSeaborn(log)]).toEqual([
      ['t.py::a', 'PASSED'],
      ['t.py::b', 'FAILED'],
      ['t.py::c', 'PASSED'],
    ]);
  });
});
