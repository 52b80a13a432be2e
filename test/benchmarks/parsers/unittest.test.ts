import { describe, expect, it } from 'vitest';
import { parseDjango, parseSympy, parseUnittest } from '../../../src/bench/parsers/unittest.ts';

describe("Django's runner", () => {
  it('says how a test ended behind three dots', () => {
    const log = `Testing against Django installed in '/testbed/django'
test_a (forms.tests.A) ... ok
test_b (forms.tests.A)
A word about it ... ok
test_c (forms.tests.A) ... skipped 'no database'
test_d (forms.tests.A) ... FAIL
test_e (forms.tests.A) ... ERROR
======================================================================
FAIL: test_d (forms.tests.A)
ERROR: test_f (forms.tests.A)
`;
    expect([...parseDjango(log)]).toEqual([
      ['test_a (forms.tests.A)', 'PASSED'],
      ['A word about it', 'PASSED'],
      ['test_c (forms.tests.A)', 'SKIPPED'],
      ['test_d (forms.tests.A)', 'FAILED'],
      ['test_e (forms.tests.A)', 'ERROR'],
      ['test_d', 'FAILED'],
      ['test_f', 'ERROR'],
    ]);
  });

  it('may print between a name and its end', () => {
    const log = 'test_a (x.A) ... some output\nmore of it\nok\ntest_b (x.A) ... Internal Server Error: /path/\nok\n';
    expect([...parseDjango(log)]).toEqual([
      ['test_a (x.A)', 'PASSED'],
      ['test_b (x.A)', 'PASSED'],
    ]);
  });

  it('may be interrupted by its own words', () => {
    const log = "test_a (x.A) ... Testing against Django installed in '/x' with up to 4 processes (0 silenced).\nok\n";
    expect(parseDjango(log).get('test_a (x.A)')).toBe('PASSED');
  });

  it('has two oddities of old', () => {
    expect(parseDjango('  --version is equivalent to version ... \n').get('--version is equivalent to version')).toBe(
      'PASSED',
    );
    const line = 'Applying sites.0002_alter_domain_unique...test_no_migrations (x.A) ... ok';
    expect(parseDjango(line).has('test_no_migrations (x.A)')).toBe(true);
  });
});

describe("Python's own runner", () => {
  it('knows what is expected', () => {
    const log =
      'test_a (m.A.test_a) ... expected failure\ntest_b (m.A.test_b) ... unexpected success\ntest_c (m.A) ... ok';
    expect([...parseUnittest(log)].sort()).toEqual([
      ['test_a (m.A.test_a)', 'XFAIL'],
      ['test_b (m.A.test_b)', 'FAILED'],
      ['test_c (m.A)', 'PASSED'],
    ]);
  });
});

describe("SymPy's runner", () => {
  it('has a letter behind a name, and a heading for each failure', () => {
    const log = `sympy/core/tests/test_x.py[4]
test_a ok
test_b F
test_c E
  test_d ok
not_a_test ok
________________________________________________________________________________
_____________ sympy/core/tests/test_x.py:test_b ______________
`;
    expect([...parseSympy(log)].sort()).toEqual([
      ['sympy/core/tests/test_x.py:test_b', 'FAILED'],
      ['test_a', 'PASSED'],
      ['test_b', 'FAILED'],
      ['test_c', 'ERROR'],
      ['test_d', 'PASSED'],
    ]);
  });
});
