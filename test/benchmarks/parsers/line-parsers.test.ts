import { describe, expect, it } from 'vitest';
import {
  parseCargo,
  parseGo,
  parseJest,
  parseJestJson,
  parseKarma,
  parseMocha,
  parseTap,
  parseVitest,
} from '../../../src/bench/parsers/line-parsers.ts';

describe('go test -v', () => {
  it('has a line a test, indented below its parent', () => {
    const log = `=== RUN   TestA
    a_test.go:9: said something (twice)
--- FAIL: TestA (0.00s)
    --- PASS: TestA/one_(two) (0.00s)
    --- SKIP: TestA/three (0.00s)
--- PASS: TestB (1.20s)
FAIL
exit status 1
`;
    expect([...parseGo(log)]).toEqual([
      ['TestA', 'FAILED'],
      ['TestA/one_(two)', 'PASSED'],
      ['TestA/three', 'SKIPPED'],
      ['TestB', 'PASSED'],
    ]);
  });
});

describe('cargo test', () => {
  it('tells what passed and what failed, and nothing of what it passed over', () => {
    const log =
      'running 3 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest a::d ... ignored\ntest x - doc (line 3) ... ok\n';
    expect([...parseCargo(log)]).toEqual([
      ['a::b', 'PASSED'],
      ['a::c', 'FAILED'],
    ]);
  });
});

describe('TAP', () => {
  it('takes all behind the number for the name', () => {
    const log =
      'TAP version 13\n# Subtest: x\n    ok 1 - inner\nok 1 - a b\nnot ok 2 - c # TODO later\nok 3 d\nok 4\n1..4\n';
    expect([...parseTap(log)]).toEqual([
      ['- inner', 'PASSED'],
      ['- a b', 'PASSED'],
      ['- c # TODO later', 'FAILED'],
      ['d', 'PASSED'],
    ]);
  });
});

describe('jest and vitest', () => {
  it('mark each test', () => {
    const log =
      '  group\n    ✓ adds (3 ms)\n    ✓ takes (away) \n    ✕ fails (1s)\n    ○ skipped later\n  ● group › fails\n';
    expect([...parseJest(log)]).toEqual([
      ['adds', 'PASSED'],
      ['takes (away)', 'PASSED'],
      ['fails', 'FAILED'],
      ['skipped later', 'SKIPPED'],
    ]);
  });

  it('as the official harness has the JSON of jest printed', () => {
    expect([...parseJestJson('[PASSED] a b\n [FAILED] c\n[PENDING] d\n')]).toEqual([
      ['a b', 'PASSED'],
      ['c', 'FAILED'],
    ]);
  });

  it('of vitest, with times and without', () => {
    const log =
      ' ✓ a.test.ts > adds 3ms\n × a.test.ts > fails\n ↓ a.test.ts > later [skipped]\n ✓ a.test.ts > takes 12\n';
    expect([...parseVitest(log)]).toEqual([
      ['a.test.ts > adds', 'PASSED'],
      ['a.test.ts > fails', 'FAILED'],
      ['a.test.ts > later', 'SKIPPED'],
      ['a.test.ts > takes', 'PASSED'],
    ]);
  });
});

describe('mocha', () => {
  it('has its groups by indentation', () => {
    const log = `

  tool
    \u001b[32m✓\u001b[0m adds (12ms)
    deep
      ✔ works
      1) fails
    - later
  other
    ✓ adds

  3 passing (20ms)
  1 pending
  1 failing

  1) tool
       deep
         fails:
     Error: x
`;
    expect([...parseMocha(log)]).toEqual([
      ['tool > adds', 'PASSED'],
      ['tool > deep > works', 'PASSED'],
      ['tool > deep > fails', 'FAILED'],
      ['tool > later', 'SKIPPED'],
      ['other > adds', 'PASSED'],
    ]);
  });
});

describe('karma', () => {
  it('counts between the start of the browser and the summary', () => {
    const log = `  ✔ too early
Starting browser Chrome
  group
    ✔ adds
    deep
      ✖ fails
    ✔ takes
SUMMARY:
  ✔ too late
`;
    expect([...parseKarma(log)]).toEqual([
      ['group > adds', 'PASSED'],
      ['group > deep > fails', 'FAILED'],
      ['group > deep > takes', 'PASSED'],
    ]);
  });
});
