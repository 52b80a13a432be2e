import { describe, expect, it } from 'vitest';
import {
  parseCargo,
  parseGo,
  parseJest,
  parseKarma,
  parseMocha,
  parseTap,
  parseVitest,
} from '../../../src/bench/parsers/line-parsers.ts';
import { parsePytest, parsePytestV2 } from '../../../src/bench/parsers/pytest.ts';
import { linesOf, strip, withoutColour, words } from '../../../src/bench/parsers/python-text.ts';
import { parserNamed, parserNames } from '../../../src/bench/parsers/registry.ts';
import { parseSympy, parseUnittest } from '../../../src/bench/parsers/unittest.ts';
import { detectParser, verify } from '../../../src/bench/verified.ts';

/** A little of everything that a runner prints, format by format. */
const LOGS: Record<string, string[]> = {
  pytest: ['PASSED t/a.py::one', 'FAILED t/a.py::two - x', 'ERROR t/b.py - gone', 'XFAIL t/a.py::three'],
  unittest: ['test_a (m.A) ... ok', 'test_b (m.A) ... FAIL', 'test_c (m.A) ... expected failure'],
  gotest: ['--- PASS: TestA (0.00s)', '    --- FAIL: TestA/sub (0.00s)', '--- SKIP: TestB (0.00s)'],
  cargo: ['test a::one ... ok', 'test a::two ... FAILED'],
  tap: ['ok 1 - one', 'not ok 2 - two'],
  vitest: [' ✓ a.test.ts > one 3ms', ' × a.test.ts > two'],
  jest: ['  ✓ one (3 ms)', '  ✕ two'],
  sympy: ['test_one ok', 'test_two F', 'test_three E'],
};
const formats = Object.keys(LOGS).map((name) => [name]);
const statuses = (name: string, log: string) => [...parserNamed(name, [])(log)];

describe('whatever the runner', () => {
  it.each(formats)('%s: ends of lines may be of any kind, and of all kinds at once', (name) => {
    const lines = LOGS[name]!;
    const wanted = statuses(name, `${lines.join('\n')}\n`);
    expect(wanted).toHaveLength(lines.length);
    for (const end of ['\r\n', '\r', '\n\n', '\n \n']) expect(statuses(name, lines.join(end))).toEqual(wanted);
    expect(statuses(name, lines.map((line, at) => line + ['\r\n', '\n', '\r'][at % 3]).join(''))).toEqual(wanted);
  });

  it.each(formats)('%s: a log that was cut off tells of all before the cut', (name) => {
    const lines = LOGS[name]!;
    const whole = statuses(name, lines.join('\n'));
    for (let kept = 0; kept < lines.length; kept++)
      expect(statuses(name, lines.slice(0, kept).join('\n'))).toEqual(whole.slice(0, kept));
    // Cut inside of a line, nothing turns into a pass that was none.
    const log = lines.join('\n');
    const failed = new Set(whole.filter(([, status]) => status !== 'PASSED').map(([test]) => test));
    for (let at = 0; at < log.length; at++)
      for (const [test, status] of statuses(name, log.slice(0, at)))
        if (status === 'PASSED') expect(failed.has(test), `${test}, cut at ${at}`).toBe(false);
  });

  it.each(formats)('%s: the same log twice says the same, and the last word counts', (name) => {
    const log = `${LOGS[name]!.join('\n')}\n`;
    expect(statuses(name, log + log)).toEqual(statuses(name, log));
  });

  it.each(formats)('%s: other words around change nothing', (name) => {
    const lines = LOGS[name]!;
    const noise = ['', 'collecting', '=== 3 things ===', 'warning: deprecated', '\u0000\u0007', '\ufeff', '日本'];
    const mixed = lines.flatMap((line, at) => [noise[at % noise.length]!, line, noise[(at + 3) % noise.length]!]);
    expect(statuses(name, mixed.join('\n'))).toEqual(statuses(name, lines.join('\n')));
  });

  it.each(formats.filter(([name]) => name !== 'sympy'))('%s is known by its looks', (name) => {
    expect(detectParser(LOGS[name]!.join('\n'))).toBe(name);
  });

  it.each(parserNames().filter((name) => name !== 'exit'))('%s: nothing is made of nothing', (name) => {
    for (const log of ['', '\n', '\r', '\u001b', '\u0000'.repeat(50), 'PASSED', '--- PASS: ', 'ok', 'test  ... ok?'])
      expect([log, statuses(name, log)]).toEqual([log, []]);
  });
});

describe('pytest', () => {
  it('ids with brackets, quotes, slashes and colons are as they are', () => {
    const ids = [
      't.py::a[1-2]',
      't.py::a[x::y]',
      't.py::A::b[{"k":1}]',
      "t.py::c['']",
      't.py::d[\\n]',
      't.py::ü[日本]',
    ];
    const log = ids.map((id) => `PASSED ${id}`).join('\n');
    expect([...parsePytest(log).keys()]).toEqual(ids);
    expect([...parsePytestV2(log).keys()]).toEqual(ids);
  });

  it('ids with spaces are cut in the old lists, so that two of them can be one, and the last counts', () => {
    const log = 'PASSED t.py::a[one two]\nFAILED t.py::a[one three] - no\n';
    expect([...parsePytest(log)]).toEqual([['t.py::a[one', 'FAILED']]);
    expect([...parsePytestV2(log)]).toEqual([
      ['t.py::a[one two]', 'PASSED'],
      ['t.py::a[one three]', 'FAILED'],
    ]);
  });

  it('a pass that was not expected is no pass', () => {
    const log = 'XPASS t.py::strange\nXFAIL t.py::known - some day\nPASSED t.py::good\n';
    expect([...parsePytest(log)]).toEqual([
      ['t.py::known', 'XFAIL'],
      ['t.py::good', 'PASSED'],
    ]);
  });

  it('an error in the teardown counts over the pass before it', () => {
    expect([...parsePytest('PASSED t.py::a\nERROR t.py::a - at teardown\n')]).toEqual([['t.py::a', 'ERROR']]);
  });

  it('many skips that name no test are none', () => {
    const skips = Array.from({ length: 30 }, (_, at) => `SKIPPED [${at + 1}] t.py:${at}: needs a network`);
    expect(parsePytest(skips.join('\n')).size).toBe(0);
    expect(parsePytestV2(skips.join('\n')).size).toBe(0);
  });
});

describe('groups in groups', () => {
  it('of Go are told by their whole path, with what follows the hash of the second', () => {
    const log = [
      '--- FAIL: TestA (0.01s)',
      '    --- PASS: TestA/empty_name (0.00s)',
      '        --- PASS: TestA/empty_name/deep (0.00s)',
      '    --- FAIL: TestA/empty_name#01 (0.00s)',
      '        a_test.go:1: --- PASS: not a line of its own (0s)',
      '--- PASS: TestLong (1m2.5s)',
    ];
    expect(Object.fromEntries(parseGo(log.join('\n')))).toEqual({
      TestA: 'FAILED',
      'TestA/empty_name': 'PASSED',
      'TestA/empty_name/deep': 'PASSED',
      'TestA/empty_name#01': 'FAILED',
      TestLong: 'PASSED',
    });
  });

  it('of mocha stand before the test, and are left when the indentation is', () => {
    const log = '  a\n    b\n      c\n        ✓ one\n      ✓ two\n    ✓ three\n  d\n    1) four\n';
    expect([...parseMocha(log).keys()]).toEqual(['a > b > c > one', 'a > b > two', 'a > three', 'd > four']);
  });

  it('of mocha: tests of one name in two groups are two', () => {
    expect([...parseMocha('  a\n    ✓ x\n  b\n    1) x\n')]).toEqual([
      ['a > x', 'PASSED'],
      ['b > x', 'FAILED'],
    ]);
  });

  it('of karma count only once a browser has started', () => {
    expect(parseKarma('  a\n    ✔ x\nSUMMARY:\n').size).toBe(0);
  });

  it('of TAP keep what they say after the name', () => {
    expect([...parseTap('ok 1 - a # SKIP no net\n  ok 12 b\nnot ok 3 - c # time=2ms\nok\nok x y\n')]).toEqual([
      ['- a # SKIP no net', 'PASSED'],
      ['b', 'PASSED'],
      ['- c # time=2ms', 'FAILED'],
    ]);
  });
});

describe('times and marks', () => {
  it('a time is no part of a name, another bracket is', () => {
    expect([...parseJest('✓ adds (two) (12 ms)\n✓ adds (3)\n✕ slow (2 s)\n').keys()]).toEqual([
      'adds (two)',
      'adds (3)',
      'slow',
    ]);
    expect([...parseVitest('✓ a > in 5 steps 12ms\n✓ a > x [y]\n').keys()]).toEqual(['a > in 5 steps', 'a > x [y]']);
  });

  it('cargo tells a test by its path, ignored ones not at all', () => {
    const log = 'test a::b ... ok\ntest a::c ... ignored\ntest a::d ... ok <1s>\ntest result: ok. 1 passed\n';
    expect([...parseCargo(log)]).toEqual([['a::b', 'PASSED']]);
  });

  it('unittest: a failure that was expected, and a pass that was not', () => {
    const log = 'test_a (m.A) ... expected failure\ntest_b (m.A) ... unexpected success\ntest_c (m.A) ... ok\n';
    expect([...parseUnittest(log)].sort()).toEqual([
      ['test_a (m.A)', 'XFAIL'],
      ['test_b (m.A)', 'FAILED'],
      ['test_c (m.A)', 'PASSED'],
    ]);
  });

  it('sympy: what a heading names has failed', () => {
    const log = '____ sympy/core/tests/test_a.py:test_x ____\ntest_x F\ntest_y ok\nno test_z ok\n';
    expect([...parseSympy(log)]).toEqual([
      ['sympy/core/tests/test_a.py:test_x', 'FAILED'],
      ['test_x', 'FAILED'],
      ['test_y', 'PASSED'],
    ]);
  });
});

describe('text as Python has it', () => {
  it.each([
    ['\t a b \u00a0', 'a b'],
    ['\x1c\x1d\x1e\x1fa\x85', 'a'],
    ['\ufeffa', '\ufeffa'],
    ['\u200ba', '\u200ba'],
    [' \n ', ''],
    ['', ''],
  ])('%j stripped is %j', (given, stripped) => expect(strip(given)).toBe(stripped));

  it('has words between any spaces, and none in none', () => {
    expect(words(' a\u2003b\x1fc\t\td ')).toEqual(['a', 'b', 'c', 'd']);
    expect([words(''), words(' \t\n')]).toEqual([[], []]);
  });

  it('loses its colours, whole sequences only', () => {
    expect(withoutColour('\u001b[1;31mred\u001b[0m \u001b[38;2;1;2;3mx\u001b[K')).toBe('red x');
    expect(withoutColour('plain [0m')).toBe('plain [0m');
    expect(withoutColour('\u001bMup')).toBe('up');
  });

  it('has lines that no test can make too long', () => {
    const [first, second] = linesOf(`${'x'.repeat(50_000)}\nPASSED t.py::a`);
    expect([first!.length, second]).toEqual([10_000, 'PASSED t.py::a']);
    expect(linesOf('a\r\r\nb\n')).toEqual(['a', '', 'b', '']);
  });
});

describe('a case is tried out', () => {
  const ran = (log: string, exitCode: number | null = 0) => ({ log, exitCode });
  const good = ran('PASSED t.py::a\nPASSED t.py::b\n');

  it('with a parser that is told, whatever the log looks like', () => {
    const before = ran('PASSED t.py::a\nFAILED t.py::b - x\n', 1);
    expect(verify(before, [good, good], 'pytest')).toEqual({
      ok: true,
      parser: 'pytest',
      failToPass: ['t.py::b'],
      passToPass: ['t.py::a'],
    });
    expect(verify(before, [good, good], 'exit')).toMatchObject({ parser: 'exit', failToPass: null });
    expect(verify(before, [good, good], 'gotest')).toMatchObject({ parser: 'exit', failToPass: null });
  });

  it('a run before that gave no results tells of failures only by its exit code', () => {
    expect(verify(ran('cannot start', 2), [good, good])).toMatchObject({
      ok: true,
      failToPass: ['t.py::a', 't.py::b'],
    });
    expect(verify(ran('nothing'), [good, good])).toEqual({ ok: false, why: 'passes before' });
  });

  it('names that no file can hold are left out', () => {
    const odd = ran('ok 1 \u0007bell\nok 2 fine\n');
    expect(verify(ran('not ok 1 \u0007bell\nnot ok 2 fine\n', 1), [odd, odd], 'tap')).toMatchObject({
      failToPass: ['fine'],
      passToPass: [],
    });
  });

  it('what was killed has not passed', () => {
    expect(verify(ran('', 1), [ran('', 0), ran('', null)])).toEqual({ ok: false, why: 'fails after' });
    expect(verify(ran('', null), [ran(''), ran('')])).toMatchObject({ ok: true, parser: 'exit' });
  });
});
