import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { contendersOf } from '../../src/bench/contenders.ts';
import { caseIdOf, promptOf, testPaths } from '../../src/bench/from-commit.ts';
import { suiteYaml, type WrittenCase } from '../../src/bench/suite-yaml.ts';

describe('which files are tests', () => {
  const isTest = testPaths([]);

  it.each([
    'test/a.js',
    'tests/unit/helpers.py',
    'src/__tests__/a.tsx',
    'src/__snapshots__/a.snap',
    'spec/models/user_spec.rb',
    'testing/test_assertrewrite.py',
    'pkg/server_test.go',
    'lib/parse.test.ts',
    'lib/parse.spec.mjs',
    'conftest.py',
    'test_parse.py',
    'src/main/java/ParserTest.java',
    'Parser.Tests.cs',
    't/basic.t',
    'crates/a/tests/it.rs',
  ])('%s is', (path) => expect(isTest(path)).toBe(true));

  it.each([
    'src/latest.js',
    'contest.py',
    'docs/testing.md',
    'src/attest/a.ts',
    'testimony.txt',
    'src/test-utils.ts',
    'README.md',
    'src/Protest.md',
  ])('%s is not', (path) => expect(isTest(path)).toBe(false));

  it.each([
    ['checks', 'lib/checks/a.js', true],
    ['checks/', 'checks/deep/a.js', true],
    ['lib/checks', 'lib/checks/a.js', true],
    ['lib/checks', 'other/lib/checks/a.js', false],
    ['*.check.js', 'deep/a.check.js', true],
    ['*.check.js', 'deep/a.check.jsx', false],
    ['qa/**/*.py', 'qa/a.py', true],
    ['qa/**/*.py', 'qa/b/c/a.py', true],
    ['qa/?.py', 'qa/ab.py', false],
    ['a+b(c)', 'a+b(c)/x', true],
    ['a.c', 'abc', false],
  ])('with --tests %s, %s: %s', (glob, path, expected) => expect(testPaths([glob])(path)).toBe(expected));

  it('own globs replace the usual names', () => expect(testPaths(['checks'])('test/a.js')).toBe(false));
});

describe('what the agent is told', () => {
  it.each<[string, string, string[], string | null]>([
    ['subject and body', 'Add subtract()\n\nIt takes two numbers.', [], 'Add subtract()\n\nIt takes two numbers.'],
    ['no number of a pull request', 'Add subtract() (#12)', [], 'Add subtract()'],
    [
      'no trailers',
      'Add subtract()\n\nTwo numbers.\n\nSigned-off-by: A <a@example.com>\nCo-authored-by: B <b@example.com>',
      [],
      'Add subtract()\n\nTwo numbers.',
    ],
    [
      'a trailer among lines',
      'Add subtract()\n\nTwo numbers.\nFixes: #3\nMore text.',
      [],
      'Add subtract()\n\nTwo numbers.\nMore text.',
    ],
    [
      'a sentence with a colon stays',
      'Add subtract()\n\nNote: two numbers.',
      [],
      'Add subtract()\n\nNote: two numbers.',
    ],
    [
      'a merge that says what it is',
      'Merge pull request #7 from someone/branch\n\nAdd subtract()\n\nTwo numbers.',
      ['wip'],
      'Add subtract()\n\nTwo numbers.',
    ],
    [
      'a merge that says nothing: the commits it brought',
      "Merge branch 'subtract'",
      ['Add subtract()\n\nSigned-off-by: A <a@example.com>', 'Mend rounding (#9)'],
      'Add subtract()\n\nMend rounding',
    ],
    ['a merge of nothing', "Merge branch 'x'", [], null],
    ['too little', 'wip', [], null],
    ['numbers only', '1.2.3 (#44)', [], null],
    ['other alphabets are text too', 'Вычитание двух чисел', [], 'Вычитание двух чисел'],
    ['picked from elsewhere', 'Add subtract()\n\n(cherry picked from commit 0123abc)', [], 'Add subtract()'],
  ])('%s', (_, message, merged, prompt) => expect(promptOf(message, merged)).toBe(prompt));

  it.each([
    ['Add subtract()\n\nmore', 'add-subtract-01234567'],
    ['Résumé: naïve café', 're-sume-nai-ve-cafe-01234567'],
    ['Вычитание', '01234567'],
    ['One word after another until the name would be far too long', 'one-word-after-another-until-the-name-01234567'],
  ])('%s is called %s', (prompt, id) => expect(caseIdOf(prompt, '0123456789abcdef')).toBe(id));
});

describe('a suite as text', () => {
  const written = (over: Partial<WrittenCase>): WrittenCase => ({
    id: 'one',
    commit: '0'.repeat(40),
    from: 'abc Add subtract()',
    prompt: 'Add subtract()',
    hiddenPatch: 'one/tests.patch',
    solution: 'one/solution.patch',
    parser: 'tap',
    failToPass: null,
    passToPass: null,
    ...over,
  });
  const text = (cases: WrittenCase[]): string =>
    suiteYaml({ suite: 'calc', repo: '../calc', setup: null, test: 'npm test', testTimeoutSec: null, cases });

  it.each([
    ['several lines', 'One\n\n  two, indented\n# no comment\n- no list: "really"'],
    ['control characters', 'bell \u0007 and \u001b[31m'],
    ['what JSON leaves as it is and YAML does not', 'a\u2028b\u0085c\ufeffd\u007f'],
    ['spaces at the ends', '  leading, and trailing  '],
    ['quotes and backslashes', 'say "\\n" and \'x\''],
    ['other planes', 'a 😀 b'],
    ['a text like a number', '1.10'],
    ['a carriage return', 'one\r\ntwo'],
    ['a tab', 'one\n\ttwo'],
  ])('keeps a prompt with %s', (_, prompt) => {
    const names = ['t::a[x # y]', '- b: {c}', 'ünï', 'true'];
    const made = parse(text([written({ prompt, failToPass: names, from: `x ${prompt}` })]), { version: '1.2' });
    expect(made.cases[0].prompt).toBe(prompt);
    expect(made.cases[0].failToPass).toEqual(names);
  });

  it('leaves out what there is none of', () => {
    const made = parse(text([written({ passToPass: [] })]));
    expect(made).toEqual({
      suite: 'calc',
      defaults: { repo: '../calc', test: 'npm test' },
      cases: [
        {
          id: 'one',
          commit: '0'.repeat(40),
          prompt: 'Add subtract()',
          hiddenPatch: 'one/tests.patch',
          solution: 'one/solution.patch',
          parser: 'tap',
        },
      ],
    });
  });
});

describe('who takes part', () => {
  it('each agent without a model with each model', () => {
    const made = contendersOf([{ agent: 'amp' }, { agent: 'codex', model: 'gpt' }], ['smart', 'rush']);
    expect(made).toEqual([
      { name: 'amp (smart)', agent: 'amp', model: 'smart' },
      { name: 'amp (rush)', agent: 'amp', model: 'rush' },
      { name: 'codex (gpt)', agent: 'codex', model: 'gpt' },
    ]);
  });

  it('the reference agents have no model', () => {
    const made = contendersOf([{ agent: 'gold' }, { agent: 'empty' }], ['smart']);
    expect(made.map(({ name, model }) => [name, model])).toEqual([
      ['gold', null],
      ['empty', null],
    ]);
  });

  it('names are unique, whatever they were', () => {
    const agents = ['scripted:/a/x.yaml', 'scripted:/b/x.yaml', 'command:make all'].map((agent) => ({ agent }));
    const given = { agent: 'amp', name: 'scripted x.yaml #2' };
    const names = contendersOf([...agents, given, given], []).map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(['scripted x.yaml', 'scripted x.yaml #2', 'make all']);
    expect(new Set(names).size).toBe(5);
  });

  it('a name of one’s own stays, with the model where there are several', () => {
    const made = contendersOf([{ agent: 'amp', name: 'ours' }], ['smart', 'rush']);
    expect(made.map(({ name }) => name)).toEqual(['ours (smart)', 'ours (rush)']);
  });
});
