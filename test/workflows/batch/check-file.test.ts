import { describe, expect, it } from 'vitest';
import { openYaml } from '../../../src/config/yaml-document.ts';
import { checkBatchFile, invalidBatch, shownPath } from '../../../src/workflows/batch/check-file.ts';
import { errorOf } from '../../config/support.ts';

const check = (text: string) => checkBatchFile(openYaml({ path: 'b.yaml', bytes: Buffer.from(text) }, invalidBatch));
const told = async (text: string): Promise<string[]> => {
  const error = await errorOf(() => check(text));
  expect([error.code, error.exit]).toEqual(['batch.invalid', 2]);
  return [error.message.replace('b.yaml:', ''), error.hint!, String(error.details!['key'])];
};

const NAME = 'What it is called; unique in the batch.';
const WORD = 'Branch, tag or commit to start from.';

describe('what a key may be', () => {
  it.each<[string, string, string, string]>([
    [
      'name: [a]',
      '1:7: `name` must be a name on one line, not ["a"].',
      'What the batch is called; the name of the file, where nothing is said.',
      'name',
    ],
    [
      'name: ""',
      '1:7: `name` must be a name on one line, not "".',
      'What the batch is called; the name of the file, where nothing is said.',
      'name',
    ],
    [
      'name: "a\\nb"',
      '1:7: `name` must be a name on one line, not "a\\nb".',
      'What the batch is called; the name of the file, where nothing is said.',
      'name',
    ],
    [
      'runId: 7',
      '1:8: `runId` must be an id of up to 63 letters, digits, - and _, not 7.',
      'The id of the batch; without it one is made.',
      'runId',
    ],
    [
      'runId: -x',
      '1:8: `runId` must be an id of up to 63 letters, digits, - and _, not "-x".',
      'The id of the batch; without it one is made.',
      'runId',
    ],
    [
      'concurrency: many',
      '1:14: `concurrency` must be a whole number, 1 to 1000, not "many".',
      'Items at once.',
      'concurrency',
    ],
    [
      'concurrency: 1.5',
      '1:14: `concurrency` must be a whole number, 1 to 1000, not 1.5.',
      'Items at once.',
      'concurrency',
    ],
    [
      'concurrency: 1001',
      '1:14: `concurrency` must be a whole number, 1 to 1000, not 1001.',
      'Items at once.',
      'concurrency',
    ],
    [
      'budget: 5',
      '1:9: `budget` must be a group of `usd`, `tokens`, `wallClock`, not 5.',
      'What the whole run may use.',
      'budget',
    ],
    [
      'budget: { usd: 0 }',
      '1:16: `budget.usd` must be a number of US dollars above 0, not 0.',
      'US dollars.',
      'budget.usd',
    ],
    [
      'budget: { usd: $5 }',
      '1:16: `budget.usd` must be a number of US dollars above 0, not "$5".',
      'US dollars.',
      'budget.usd',
    ],
    [
      'dayBudget: { tokens: 1.5 }',
      '1:22: `dayBudget.tokens` must be a whole number of tokens above 0, not 1.5.',
      'Tokens: input, output and cache writes; cache reads do not count.',
      'dayBudget.tokens',
    ],
    [
      'limits: { Amp: {} }',
      '1:11: `limits` must be a group of agents, each with `concurrency` or `perMinute`; `limits.Amp` is {}.',
      'How often each agent may be started, by its name.',
      'limits.Amp',
    ],
    [
      'limits: { amp: 5 }',
      '1:16: `limits` must be a group of agents, each with `concurrency` or `perMinute`; `limits.amp` is 5.',
      'How often each agent may be started, by its name.',
      'limits.amp',
    ],
    [
      'limits: { amp: { perMinute: 0 } }',
      '1:29: `limits.amp.perMinute` must be a number above 0, not 0.',
      'Starts of this agent a minute.',
      'limits.amp.perMinute',
    ],
    [
      'limits: { amp: { perHour: 1 } }',
      '1:18: there is no key `limits.amp.perHour`.',
      'Here may stand `concurrency`, `perMinute`.',
      'limits.amp.perHour',
    ],
    [
      'vars: { a: [b] }',
      '1:12: `vars` must be names (letters, digits, - and _) with a text or number each; `vars.a` is ["b"].',
      'Values for `{{name}}` in every text of the file.',
      'vars.a',
    ],
    [
      'include: 7',
      '1:10: `include` must be a path or a list of paths, not 7.',
      'Other batch files, as seen from this one: their items come first, this file has the last word.',
      'include',
    ],
    [
      'defaults: []',
      '1:11: `defaults` must be a group of keys, not [].',
      'What holds for every item that says nothing else.',
      'defaults',
    ],
    [
      'defaults: { name: x }',
      '1:13: there is no key `defaults.name`.',
      'Here may stand `repo`, `agent`, `model`, `baseBranch`, `scriptCommand`, `setup`, `timeoutSec`, `retries`, `retryOn`, `mergeOnPass`, `budget`, `untilPass`, `maxIterations`.',
      'defaults.name',
    ],
    [
      'defaults: { scriptCommand: "" }',
      '1:28: `defaults.scriptCommand` must be a command, not "".',
      'Test command, run in the worktree by a shell.',
      'defaults.scriptCommand',
    ],
    [
      'defaults: { scriptComand: x }',
      '1:13: there is no key `defaults.scriptComand`.',
      'Did you mean `scriptCommand`?',
      'defaults.scriptComand',
    ],
    [
      'defaults: { setup: [npm, ci] }',
      '1:20: `defaults.setup` must be a command, not ["npm","ci"].',
      'Command that makes a new worktree ready.',
      'defaults.setup',
    ],
    [
      'defaults: { baseBranch: "a b" }',
      '1:25: `defaults.baseBranch` must be a branch, tag or commit, not "a b".',
      WORD,
      'defaults.baseBranch',
    ],
    [
      'defaults: { model: -x }',
      '1:20: `defaults.model` must be a mode or model, not "-x".',
      "Amp's mode, or another agent's model.",
      'defaults.model',
    ],
    [
      'defaults: { timeoutSec: 20m }',
      '1:25: `defaults.timeoutSec` must be a whole number of seconds, 1 to 2147483, not "20m".',
      'Seconds that one attempt may take.',
      'defaults.timeoutSec',
    ],
    [
      'defaults: { timeoutSec: 3000000 }',
      '1:25: `defaults.timeoutSec` must be a whole number of seconds, 1 to 2147483, not 3000000.',
      'Seconds that one attempt may take.',
      'defaults.timeoutSec',
    ],
    [
      'defaults: { retries: -1 }',
      '1:22: `defaults.retries` must be a whole number, 0 to 100, not -1.',
      'Attempts after the first.',
      'defaults.retries',
    ],
    [
      'defaults: { retryOn: failed }',
      '1:22: `defaults.retryOn` must be a list of `error`, `timeout`, `failed`, not "failed".',
      'What is tried again: error and timeout, where nothing is said.',
      'defaults.retryOn',
    ],
    [
      'defaults: { mergeOnPass: yes }',
      '1:26: `defaults.mergeOnPass` must be true or false, not "yes".',
      'Merge what passed, one after the other.',
      'defaults.mergeOnPass',
    ],
    [
      'defaults: { untilPass: 1 }',
      '1:24: `defaults.untilPass` must be true or false, not 1.',
      'Go on with the failing output until the tests pass.',
      'defaults.untilPass',
    ],
    [
      'defaults: { maxIterations: 0 }',
      '1:28: `defaults.maxIterations` must be a whole number, 1 to 1000, not 0.',
      'Iterations at most, with untilPass.',
      'defaults.maxIterations',
    ],
    ['matrix: x', '1:9: `matrix` must be a list of items, not "x".', 'Items one by one.', 'matrix'],
    [
      'matrix: [{ name: 7 }]',
      '1:18: `matrix[0].name` must be a name on one line, in quotes if it is a number, not 7.',
      NAME,
      'matrix[0].name',
    ],
    [
      'matrix: [{ prompt: "" }]',
      '1:20: `matrix[0].prompt` must be a text, not "".',
      'What the agent is to do.',
      'matrix[0].prompt',
    ],
    [
      'matrix: [{ promptFile: 7 }]',
      '1:24: `matrix[0].promptFile` must be a path, as seen from this file, not 7.',
      'A file with the prompt, as seen from this file.',
      'matrix[0].promptFile',
    ],
    [
      'matrix: [{ repo: [] }]',
      '1:18: `matrix[0].repo` must be a path, as seen from this file, not [].',
      'The repository, as seen from this file, or ~/….',
      'matrix[0].repo',
    ],
    [
      'matrix: [{ agent: {} }]',
      "1:19: `matrix[0].agent` must be an agent's name, not {}.",
      'The coding agent: amp, command:<line> or scripted:<file>, the file as seen from this one.',
      'matrix[0].agent',
    ],
    [
      'matrix: [{}, { budget: { usd: x } }]',
      '1:31: `matrix[1].budget.usd` must be a number of US dollars above 0, not "x".',
      'US dollars.',
      'matrix[1].budget.usd',
    ],
    [
      'prompts: x',
      '1:10: `prompts` must be a list of prompts, each a text or a group with `prompt` or `promptFile`, not "x".',
      'Each of these goes to every one of `repos` and `agents`.',
      'prompts',
    ],
    [
      `prompts: [${'a,'.repeat(10_001)}]`,
      '1:10: `prompts` has 10001 entries, and may have 10000 at most.',
      'Leave some out, or make several files of it.',
      'prompts',
    ],
    [
      'prompts: [a, { promtFile: b }]',
      '1:16: there is no key `prompts[1].promtFile`.',
      'Did you mean `promptFile`?',
      'prompts[1].promtFile',
    ],
    [
      'prompts: [{ prompt: a, timeoutSec: x }]',
      '1:36: `prompts[0].timeoutSec` must be a whole number of seconds, 1 to 2147483, not "x".',
      'Seconds that one attempt may take.',
      'prompts[0].timeoutSec',
    ],
    [
      'repos: [7]',
      '1:9: `repos` must be a list of paths, or of groups with `repo`; `repos[0]` is 7.',
      'Repositories for `prompts`.',
      'repos[0]',
    ],
    [
      'repos: [{ repo: a, prompt: b }]',
      '1:20: there is no key `repos[0].prompt`.',
      'Here may stand `repo`, `name`, `baseBranch`, `scriptCommand`, `setup`, `timeoutSec`, `retries`, `retryOn`, `mergeOnPass`, `budget`, `untilPass`, `maxIterations`, `vars`.',
      'repos[0].prompt',
    ],
    [
      'agents: [{ model: m }]',
      '1:10: `agents[0].agent` is missing.',
      'The coding agent: amp, command:<line> or scripted:<file>, the file as seen from this one.',
      'agents[0].agent',
    ],
    [
      'agents: [{ agent: a, retries: 1 }]',
      '1:22: there is no key `agents[0].retries`.',
      'Here may stand `agent`, `model`, `name`, `timeoutSec`, `budget`.',
      'agents[0].retries',
    ],
    ['7', '1:1: the file must be a group of keys, not 7.', 'Write `matrix:` and the items below it.', 'undefined'],
    [
      'amp-sessions',
      '1:1: the file must be a group of keys, not "amp-sessions".',
      'Write `matrix:` and the items below it.',
      'undefined',
    ],
    [
      'jobs: {}',
      '1:1: there is no key `jobs`.',
      'Here may stand `runId`, `name`, `concurrency`, `budget`, `dayBudget`, `limits`, `vars`, `include`, `defaults`, `matrix`, `prompts`, `repos`, `agents`.',
      'jobs',
    ],
  ])('%s', async (text, message, hint, key) => {
    expect(await told(text)).toEqual([message, hint, key]);
  });

  it.each([
    'runId: A_b-9',
    'name: "1.10"',
    'concurrency: 1000',
    'budget: { usd: 0.01, tokens: 1, wallClock: 1 }',
    'dayBudget: { wallClock: 1h30m }',
    'budget: {}',
    'limits: { amp: { concurrency: 1, perMinute: 0.5 }, my-agent: {} }',
    'vars: { a: 1.10, b: true, c-d_e: "", F: no }',
    'include: [a.yaml, b.yaml]',
    'defaults: { agent: "command:make -j 4 | tee log", model: gpt-5/high, retries: 0, retryOn: [] }',
    'defaults: { baseBranch: feature/x, timeoutSec: 2147483, maxIterations: 1000, mergeOnPass: false }',
    'prompts: [a, { prompt: "b\\nc", vars: { x: y } }, { promptFile: ~/p.md, retries: 100 }]',
    'repos: [".", { repo: ~/code, name: "über", setup: "a\\nb" }]',
    'agents: [amp, { agent: amp, model: m, name: n, timeoutSec: 1, budget: { usd: 1 } }]',
    'matrix: []',
  ])('%s is fine', (text) => {
    expect(() => check(text)).not.toThrow();
  });

  it.each(['6316443023', '0012345678', '12e4567890', '0x12', '1.10', '.5'])('a start may be called %s', (name) => {
    expect(check(`matrix: [{ baseBranch: ${name} }]`).matrix![0]!.baseBranch).toBe(name);
    expect(check(`defaults: { baseBranch: ${name} }`).defaults!.baseBranch).toBe(name);
  });
});

describe('a path', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 0, 'b', 'c'], 'a[0].b.c'],
    [[1, 2], '[1][2]'],
  ])('%j is shown as %s', (path, shown) => expect(shownPath(path)).toBe(shown));
});
