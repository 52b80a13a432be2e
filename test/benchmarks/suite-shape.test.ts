import { describe, expect, it } from 'vitest';
import { readRow } from '../../src/bench/instance.ts';
import { suiteJsonSchema, suiteSchema } from '../../src/bench/suite-schema.ts';

const CASE = { id: 'one', repo: 'a/b', commit: 'main', prompt: 'Do it', test: 'true' };
const suite = (over: Record<string, unknown> = {}) => ({ suite: 's', cases: [CASE], ...over });
const withCase = (over: Record<string, unknown>) => suite({ cases: [{ ...CASE, ...over }] });

/** Where it is wrong, as `cases.0.id`; `fits` where it is not. */
const placesOf = (value: unknown): string[] => {
  const read = suiteSchema.safeParse(value);
  return read.success ? ['fits'] : read.error.issues.map(({ path }) => path.join('.'));
};

describe('a suite has the right shape', () => {
  it.each<[string, unknown]>([
    ['the least of it', suite()],
    ['no case at all', suite({ cases: [] })],
    ['agents by name and with more', suite({ agents: ['amp', { agent: 'command:make', model: 'm', name: 'n' }] })],
    [
      'budgets of every kind',
      suite({ budget: { usd: 0.5 }, dayBudget: { tokens: 1 }, runBudget: { wallClock: '2h' } }),
    ],
    ['limits', suite({ limits: { amp: { concurrency: 1, perMinute: 0.5 } } })],
    ['the ends of its numbers', suite({ repeats: 1000, concurrency: 1, retries: 0 })],
    [
      'defaults of every kind',
      suite({ defaults: { repo: '.', commit: 'v1', setup: 'a', test: 'b', parser: 'tap', timeoutSec: 1 } }),
    ],
    ['names of tests of every kind', withCase({ failToPass: ['a b', 't::x[\u0000]', '日本'], passToPass: [] })],
    ['an id of all letters it may have', withCase({ id: '_A-z.0+9' })],
    ['an id as long as may be', withCase({ id: 'x'.repeat(100) })],
    ['a parser', withCase({ parser: 'parse_log_pytest' })],
  ])('with %s', (_, value) => expect(placesOf(value)).toEqual(['fits']));
});

describe('a suite is refused at the place that is wrong', () => {
  it.each<[string, unknown, string]>([
    ['no name', { cases: [] }, 'suite'],
    ['no cases', { suite: 's' }, 'cases'],
    ['a name that is a path', suite({ suite: 'a/b' }), 'suite'],
    ['a key that nobody knows', suite({ repeat: 2 }), ''],
    ['no repeats', suite({ repeats: 0 }), 'repeats'],
    ['half a repeat', suite({ repeats: 1.5 }), 'repeats'],
    ['too many at once', suite({ concurrency: 1001 }), 'concurrency'],
    ['less than no retries', suite({ retries: -1 }), 'retries'],
    ['a model that reads as an option', suite({ models: ['--yes'] }), 'models.0'],
    // It would be passed over in silence, and no fair comparison otherwise.
    ['a time limit of one agent alone', suite({ agents: [{ agent: 'amp', timeoutSec: 5 }] }), 'agents.0'],
    ['a budget of one agent alone', suite({ agents: ['amp', { agent: 'amp', budget: { usd: 1 } }] }), 'agents.1'],
    ['a budget of nothing', suite({ budget: { usd: 0 } }), 'budget.usd'],
    ['a budget in words', suite({ runBudget: { wallClock: 'soon' } }), 'runBudget.wallClock'],
    ['a prompt for all', suite({ defaults: { prompt: 'x' } }), 'defaults'],
    ['an id that leaves its folder', withCase({ id: '../x' }), 'cases.0.id'],
    ['a hidden id', withCase({ id: '.x' }), 'cases.0.id'],
    ['an id that reads as an option', withCase({ id: '-x' }), 'cases.0.id'],
    ['an id of two lines', withCase({ id: 'x\ny' }), 'cases.0.id'],
    ['an id that is too long', withCase({ id: 'x'.repeat(101) }), 'cases.0.id'],
    ['a commit that reads as an option', withCase({ commit: '--all' }), 'cases.0.commit'],
    ['a commit of two words', withCase({ commit: 'main next' }), 'cases.0.commit'],
    ['an empty prompt', withCase({ prompt: ' \n ' }), 'cases.0.prompt'],
    ['a prompt with a null in it', withCase({ prompt: 'a\u0000b' }), 'cases.0.prompt'],
    ['a file of two lines', withCase({ promptFile: 'a\nb' }), 'cases.0.promptFile'],
    ['no time', withCase({ timeoutSec: 0 }), 'cases.0.timeoutSec'],
    ['more time than a timer has', withCase({ testTimeoutSec: 2_147_484 }), 'cases.0.testTimeoutSec'],
    ['a parser that is a path', withCase({ parser: './mine.js' }), 'cases.0.parser'],
    ['a test without a name', withCase({ failToPass: [''] }), 'cases.0.failToPass.0'],
    ['tests that are one text', withCase({ passToPass: 'a, b' }), 'cases.0.passToPass'],
    ['a number for a command', withCase({ test: 1 }), 'cases.0.test'],
  ])('%s', (_, value, place) => expect(placesOf(value)).toEqual([place]));
});

describe('the schema for editors', () => {
  const schema = suiteJsonSchema() as {
    required: string[];
    properties: Record<string, { description?: string }>;
    additionalProperties: boolean;
  };

  it('asks for the same keys, and allows no others', () => {
    expect(schema.required).toEqual(['suite', 'cases']);
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(suiteSchema.shape).sort());
  });

  it('has a sentence on every key', () => {
    for (const [key, { description }] of Object.entries(schema.properties))
      expect(description, key).toMatch(/^[A-Z].*\.$/);
  });
});

describe('a row of a data set is read one way, however it is written', () => {
  const ROW = {
    instance_id: 'own__tool-1',
    repo: 'own/tool',
    base_commit: 'a'.repeat(40),
    problem_statement: 'x',
  };
  const read = (over: Record<string, unknown>) => {
    const made = readRow({ ...ROW, ...over });
    return 'instance' in made ? made.instance : made.problems.map(({ key }) => key);
  };

  it('null, nothing and an empty list that is text are told apart', () => {
    expect(read({ FAIL_TO_PASS: null, PASS_TO_PASS: '[]' })).toMatchObject({ failToPass: null, passToPass: [] });
    expect(read({ FAIL_TO_PASS: '', PASS_TO_PASS: [] })).toMatchObject({ failToPass: null, passToPass: [] });
    expect(read({ patch: null, test_patch: '' })).toMatchObject({ patch: null, testPatch: '' });
    expect(read({ log_parser: '' })).toMatchObject({ logParser: null });
  });

  it('a commit may be of SHA-256, and is never cut or in capitals', () => {
    expect(read({ base_commit: 'b'.repeat(64) })).toMatchObject({ baseCommit: 'b'.repeat(64) });
    for (const base_commit of ['A'.repeat(40), 'a'.repeat(39), 'a'.repeat(41), `${'a'.repeat(40)}\n`, ''])
      expect(read({ base_commit })).toEqual(['base_commit']);
  });

  it('an id that could leave its folder is none', () => {
    for (const instance_id of ['..', '.', 'a/b', 'a\\b', '-x', '', 'a\n', 'a b', 'x'.repeat(201)])
      expect(read({ instance_id })).toEqual(['instance_id']);
    expect(read({ instance_id: 'x'.repeat(200) })).toMatchObject({ id: 'x'.repeat(200) });
  });

  it('a row behind `__proto__` is none', () => {
    const made = readRow(JSON.parse(`{"__proto__": ${JSON.stringify(ROW)}}`));
    expect('problems' in made && made.problems.map(({ key, says }) => `${key} ${says}`).sort()).toEqual(
      Object.keys(ROW)
        .sort()
        .map((key) => `${key} is missing`),
    );
  });
});
