import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { suiteJsonSchema } from '../../../src/bench/suite-schema.ts';
import { type AppError, isAppError } from '../../../src/errors.ts';
import { type BenchFileWish, readBench } from '../../../src/workflows/bench/read-bench.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';

const PATCH = 'diff --git a/t.txt b/t.txt\nnew file mode 100644\n--- /dev/null\n+++ b/t.txt\n@@ -0,0 +1 @@\n+x\n';

let repo: string;
let head: string;
beforeAll(async () => {
  repo = await makeRepo();
  head = await git(repo, 'rev-parse', 'HEAD');
});

const folder = (files: Record<string, string | Buffer>): string => {
  const dir = tempDir('amp-suite-');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
};

const read = (files: Record<string, string | Buffer>, over: Partial<BenchFileWish> = {}) =>
  readBench({ file: join(folder(files), 's.yaml'), repos: new Map([['a/b', repo]]), env: process.env, ...over });

const refusal = async (work: Promise<unknown>): Promise<AppError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isAppError(error)) throw error ?? new Error('nothing was refused');
  return error;
};

const CASE = '  - { id: one, repo: a/b, commit: main, prompt: Do it, test: "true" }\n';

describe('of several things that are wrong with a suite', () => {
  it('all are told, each with its place', async () => {
    const error = await refusal(
      read({
        's.yaml': `suite: s
agents: [amp, nobody, "command:"]
defaults: { repo: a/b, commit: main }
cases:
  - { id: one, prompt: Do it, test: t, commit: nowhere, hiddenPatch: "no\\npatch" }
  - { id: ONE, test: t, parser: nothing }
  - { id: three, prompt: Do it }
`,
      }),
    );
    expect([error.code, error.exit]).toEqual(['suite.invalid', 2]);
    const problems = error.details!['problems'] as { line: number; column: number; key: string }[];
    expect(problems.map(({ line, column, key }) => `${line}:${column} ${key}`)).toEqual([
      '2:15 agents[1]',
      '2:23 agents[2]',
      '5:48 cases[0].commit',
      '5:70 cases[0].hiddenPatch',
      '6:5 cases[1]',
      '6:11 cases[1].id',
      '6:33 cases[1].parser',
      '7:5 cases[2]',
    ]);
  });
});

describe('where cases start', () => {
  it('counts as the suite does where a name may move; what is trusted is the file alone', async () => {
    const named = await read({ 's.yaml': `suite: s\ncases:\n${CASE}` });
    expect(named.sha256).not.toBe(named.trustSha256);
    const whole = await read({ 's.yaml': `suite: s\ncases:\n${CASE.replace('main', head)}` });
    expect(whole.sha256).toBe(whole.trustSha256);
    const origin = repo;
    repo = await makeRepo();
    await git(repo, 'commit', '-q', '--allow-empty', '-m', 'moved');
    const moved = await read({ 's.yaml': `suite: s\ncases:\n${CASE}` });
    repo = origin;
    expect(moved.trustSha256).toBe(named.trustSha256);
    expect(moved.sha256).not.toBe(named.sha256);
  });
});

describe('a commit whose id has digits alone', () => {
  it.each(['6316443023', '12e4567890', '0012345678', `${'1234567890'.repeat(4)}`])('%s is looked up', async (id) => {
    const wrong = await refusal(read({ 's.yaml': `suite: s\ncases:\n${CASE.replace('main', id)}` }));
    expect(wrong.message).toContain(`${id}`);
    expect(wrong.message).not.toContain('must be');
  });

  it('is found, in quotes or not', async () => {
    await git(repo, 'tag', '2026', head);
    const { cases } = await read({ 's.yaml': `suite: s\ncases:\n${CASE.replace('main', '2026')}` });
    await git(repo, 'tag', '-d', '2026');
    expect(cases[0]!.commit).toBe(head);
  });
});

describe('a suite file', () => {
  it('is read with everything it names', async () => {
    const bench = await read({
      's.yaml': `suite: calc
description: What it is.
agents:
  - amp
  - { agent: scripted:agents/quick.yaml, name: quick }
  - { agent: "command:make all", model: m }
models: [smart, rush]
repeats: 3
concurrency: 2
budget: { tokens: 1000, wallClock: 2h }
runBudget: { usd: 1.5 }
limits: { amp: { perMinute: 4 } }
defaults:
  repo: a/b
  test: sh run.sh
  setup: make ready
  timeoutSec: 60
  testTimeoutSec: 30
cases:
  - id: one
    commit: main
    promptFile: one/prompt.md
    hiddenPatch: one/tests.patch
    solution: one/solution.patch
    failToPass: [t1]
    passToPass: [t0]
  - id: two
    commit: ${head.slice(0, 10)}
    prompt: Do the other
    test: sh other.sh
    timeoutSec: 5
    hiddenPatch: |
${PATCH.replace(/^/gm, '      ')}
`,
      'one/prompt.md': 'Do it\n',
      'one/tests.patch': PATCH,
      'one/solution.patch': PATCH.trimEnd(),
    });
    expect(bench).toMatchObject({
      name: 'calc',
      repeats: 3,
      concurrency: 2,
      retries: 1,
      budget: { tokens: 1000, wallClockSec: 7200 },
      dayBudget: null,
      runBudget: { usd: 1.5 },
      limits: { amp: { perMinute: 4 } },
      models: ['smart', 'rush'],
    });
    expect(bench.agents).toEqual([
      { agent: 'amp' },
      { agent: `scripted:${join(dirname(bench.file), 'agents/quick.yaml')}`, name: 'quick' },
      { agent: 'command:make all', model: 'm' },
    ]);
    const [one, two] = bench.cases;
    expect(one).toMatchObject({
      id: 'one',
      commit: head,
      prompt: 'Do it\n',
      from: repo,
      setup: 'make ready',
      timeoutSec: 60,
    });
    expect([one!.testPatch, one!.solution]).toEqual([PATCH, PATCH]);
    expect(one!.graded).toMatchObject({ failToPass: ['t1'], passToPass: ['t0'], parser: 'auto', timeoutSec: 30 });
    expect(two!.graded).toMatchObject({ test: 'sh other.sh', failToPass: null, parser: 'exit', testPatch: PATCH });
    expect([two!.commit, two!.timeoutSec, two!.solution]).toEqual([head, 5, null]);
  });

  it('tells every program it names, so that somebody can trust it or not', async () => {
    const { programs } = await read({
      's.yaml': `suite: s\nagents: ["command:make all", "scripted:q.yaml"]\ndefaults: { repo: a/b, commit: main, test: "sh t", setup: "sh s" }\ncases:\n  - { id: one, prompt: Do it }\n  - { id: two, prompt: Do it, promptFile: }\n`,
    });
    const told = programs.map(({ what, line, items }) => `${what}: ${line.split('/').at(-1)} (${items})`);
    expect(told.sort()).toEqual([
      'program of the agent: make all (1)',
      'script of the agent: q.yaml (1)',
      'set-up command: sh s (2)',
      'test command: sh t (2)',
    ]);
  });

  it('has another hash when anything it names is other than it was', async () => {
    const files = {
      's.yaml': `suite: s\ncases:\n${CASE.replace('prompt: Do it', 'promptFile: p.md')}`,
      'p.md': 'Do it',
    };
    const hash = async (over: Record<string, string>, wish: Partial<BenchFileWish> = {}): Promise<string> =>
      (await read({ ...files, ...over }, wish)).sha256;
    const first = await hash({});
    expect(await hash({})).toBe(first);
    expect(await hash({ 'p.md': 'Do it not' })).not.toBe(first);
    expect(await hash({ 's.yaml': `${files['s.yaml']}# more\n` })).not.toBe(first);
    expect(await hash({}, { test: 'sh other' })).not.toBe(first);
    expect(await hash({}, { cases: ['one'] })).not.toBe(first);
  });

  it('flags count more than the file, and choose its cases', async () => {
    const files = { 's.yaml': `suite: s\ncases:\n${CASE}${CASE.replace('id: one', 'id: two')}` };
    const flags = { cases: ['two'], test: 'sh t', setup: 'sh s', parser: 'tap', timeoutSec: 7, testTimeoutSec: 8 };
    const { cases } = await read(files, flags);
    expect(cases).toHaveLength(1);
    expect(cases[0]).toMatchObject({ id: 'two', setup: 'sh s', timeoutSec: 7 });
    expect(cases[0]!.graded).toMatchObject({ test: 'sh t', setup: 'sh s', parser: 'tap', timeoutSec: 8 });
    expect((await refusal(read(files, { cases: ['three'] }))).message).toContain('has no case three');
    expect((await refusal(read(files, { parser: 'pytset' }))).code).toBe('parser.unknown');
  });
});

describe('what is wrong with a suite is told with its place', () => {
  const two = (line: string): string => `suite: s\ncases:\n${CASE}${line}`;

  it.each<[string, string, string, string]>([
    ['an unknown key', 'suite: s\nrepeat: 3\ncases: []\n', '2:1', 'Did you mean `repeats`?'],
    [
      'an unknown key of a case',
      two('  - { id: x, repo: a/b, hiddenPach: y }\n'),
      '4:25',
      'Did you mean `hiddenPatch`?',
    ],
    ['a wrong kind', 'suite: s\nrepeats: many\ncases: []\n', '2:10', 'How often each agent works'],
    ['no cases', 'suite: s\ncases: []\n', '2:8', 'bench init --from-history'],
    ['cases that are none', 'suite: s\n', '1:1', 'The cases.'],
    ['no YAML', 'suite: [s\n', '2:1', 'Mend the line.'],
    ['a key twice', 'suite: s\nsuite: t\ncases: []\n', '2:1', 'Keep one of the two.'],
    ['the same id twice', two(CASE.replace('one', 'ONE')), '4:11', 'an id of its own'],
    ['an id that is no folder', two('  - { id: ../x, repo: a/b }\n'), '4:11', 'unique in the suite'],
    ['no prompt', two('  - { id: x, repo: a/b, commit: main, test: t }\n'), '4:5', 'what the agent is told'],
    [
      'two prompts',
      two(CASE.replace('one', 'x').replace('prompt', 'promptFile: p, prompt')),
      '4:51',
      'Keep one of the two.',
    ],
    ['no repository', two('  - { id: x, commit: main, prompt: p, test: t }\n'), '4:5', 'in `defaults`'],
    ['a repository nobody told of', two(CASE.replace('one', 'x').replace('a/b', 'c/d')), '4:20', '--repo c/d=<folder>'],
    [
      'a folder that is not there',
      two(CASE.replace('one', 'x').replace('a/b', './c/d/e')),
      '4:20',
      'it begins at this file',
    ],
    ['no commit', two('  - { id: x, repo: a/b, prompt: p, test: t }\n'), '4:5', 'starts from'],
    ['a commit that is not there', two(CASE.replace('one', 'x').replace('main', 'gone')), '4:33', ''],
    ['no success command', two('  - { id: x, repo: a/b, commit: main, prompt: p }\n'), '4:5', 'success command'],
    [
      'a patch that is not there',
      two(CASE.replace('one', 'x').replace(' }', ', hiddenPatch: p.patch }')),
      '4:81',
      'a file that is there',
    ],
    [
      'a patch that is none',
      two(CASE.replace('one', 'x').replace(' }', ', solution: s.yaml }')),
      '4:78',
      'git diff --binary',
    ],
    [
      'a parser nobody knows',
      two(CASE.replace('one', 'x').replace(' }', ', parser: pytset }')),
      '4:76',
      'Did you mean `pytest`?',
    ],
    [
      'names that count beside others only',
      two(CASE.replace('one', 'x').replace(' }', ', passToPass: [a] }')),
      '4:80',
      'Write both',
    ],
    ['an agent nobody knows', `suite: s\nagents: [gpt]\ncases:\n${CASE}`, '2:10', 'gold, empty'],
  ])('%s', async (_, text, place, hint) => {
    const error = await refusal(read({ 's.yaml': text }));
    expect(error.code).toBe('suite.invalid');
    expect(error.message).toMatch(new RegExp(`/s\\.yaml:${place}: `));
    expect(error.hint).toContain(hint);
  });

  it('a file that is not there is told as that', async () => {
    const error = await refusal(read({ 'other.yaml': '' }));
    expect([error.code, error.hint]).toEqual(['file.missing', 'Name a suite file, or rows of SWE-bench.']);
  });

  it('a file outside its folder is read, and told', async () => {
    const outside = join(folder({ 'p.md': 'Do it' }), 'p.md');
    const { programs } = await read({
      's.yaml': `suite: s\ncases:\n${CASE.replace('prompt: Do it', `promptFile: ${outside}`)}`,
    });
    expect(programs).toContainEqual({ what: 'file outside its folder', line: outside, items: 1 });
  });
});

describe('rows of SWE-bench', () => {
  const row = (over: Record<string, unknown> = {}) => ({
    instance_id: 'a__b-1',
    repo: 'a/b',
    base_commit: head,
    problem_statement: 'Do it',
    patch: PATCH,
    test_patch: PATCH,
    FAIL_TO_PASS: '["t1"]',
    PASS_TO_PASS: [],
    ...over,
  });
  const rows = (all: unknown[], over: Partial<BenchFileWish> = {}) => {
    const dir = folder({ 'rows.jsonl': all.map((one) => JSON.stringify(one)).join('\n') });
    return readBench({ file: join(dir, 'rows.jsonl'), repos: new Map([['a/b', repo]]), env: process.env, ...over });
  };

  it('are cases; the success command is the user’s', async () => {
    const bench = await rows([row()], { test: 'sh t {{tests}}', setup: 'sh s' });
    expect(bench).toMatchObject({ name: 'rows', agents: [], repeats: 1, programs: [] });
    expect(bench.cases[0]).toMatchObject({
      id: 'a__b-1',
      commit: head,
      prompt: 'Do it',
      solution: PATCH,
      testPatch: PATCH,
      setup: 'sh s',
    });
    expect(bench.cases[0]!.graded).toMatchObject({ failToPass: ['t1'], passToPass: [], timeoutSec: 1800 });
  });

  it('without a success command nothing is graded here', async () => {
    expect((await rows([row()])).cases[0]!.graded).toBeNull();
  });

  it.each([
    [
      'a repository nobody told of',
      { repo: 'c/d' },
      'rows.jsonl:1:1: it is not said where c/d is.',
      '--repo c/d=<folder>',
    ],
    ['a commit that is not there', { base_commit: '0'.repeat(40) }, `has no commit ${'0'.repeat(40)}`, 'shallow'],
  ])('%s', async (_, over, message, hint) => {
    const error = await refusal(rows([row(over)]));
    expect(error.code).toBe('case.missing');
    expect(error.message.replace(/:1:\d+:/, ':1:1:')).toContain(message);
    expect(error.hint).toContain(hint);
  });
});

describe('the schema for editors', () => {
  it('says of every key what it is, and nothing of ours', () => {
    const told = JSON.stringify(suiteJsonSchema());
    expect(told).not.toContain('"expects"');
    const published = readFileSync(join(import.meta.dirname, '../../../schemas/suite.schema.json'), 'utf8');
    expect(JSON.parse(published)).toEqual(JSON.parse(told));
    const { properties } = suiteJsonSchema() as { properties: Record<string, { description?: string }> };
    expect(Object.entries(properties).filter(([, { description }]) => !description)).toEqual([]);
  });
});
