import { createHash } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/errors.ts';
import { errorOf } from '../../config/support.ts';
import { git, makeRepo, tempDir } from '../../support/repo.ts';
import { scene } from './support.ts';

let repo: string;
let other: string;
beforeAll(async () => {
  [repo, other] = [await makeRepo(), await makeRepo()];
  await git(other, 'branch', 'release');
});

/** What is wrong with a file, less the folder it lies in. */
const wrong = async (text: string | Buffer, more: Record<string, string> = {}): Promise<AppError> => {
  const { read } = scene({ ...more, 'b.yaml': typeof text === 'string' ? text.replaceAll('REPO', repo) : text });
  const error = await errorOf(() => read());
  expect(error.code).toBe('batch.invalid');
  expect(error.exit).toBe(2);
  return error;
};
const told = async (text: string, more: Record<string, string> = {}): Promise<string> =>
  (await wrong(text, more)).message.replace(/^\/\S*\/amp-batch-[^/]+\//, '');

const one = (lines: string) => `matrix:\n  - repo: REPO\n    prompt: Do it\n    agent: scripted:s.yaml\n${lines}`;

describe('of several things that are wrong', () => {
  const all = async (text: string, more: Record<string, string> = {}): Promise<unknown[]> => {
    const { message, details } = await wrong(text, more);
    const problems = details!['problems'] as Record<string, unknown>[];
    expect(problems[0]!['message']).toBe(message);
    return problems.map(({ line, column, key }) => `${line}:${column} ${key}`);
  };

  it('each item tells its own, and what is common to all is told once', async () => {
    const text = `defaults: { repo: REPO, agent: "scripted:s.yaml" }
matrix:
  - { prompt: Do it, baseBranch: nowhere }
  - { prompt: Do it }
  - { repo: /not/there, prompt: Do it }
  - { name: bare }
  - { prompt: "{{nothing}}" }
  - { prompt: Do it, agent: "command: " }
`;
    expect(await all(text)).toEqual([
      '3:34 matrix[0].baseBranch',
      '5:13 matrix[2].repo',
      '6:5 matrix[3]',
      '7:16 matrix[4].prompt',
      '8:29 matrix[5].agent',
    ]);
    const common = await wrong('defaults: { repo: /not/there }\nmatrix:\n  - { prompt: a }\n  - { prompt: b }\n');
    expect(common.details).not.toHaveProperty('problems');
  });

  it('so do keys and values', async () => {
    expect(await all('concurrency: no\nmatrix:\n  - { promt: a }\n  - { prompt: 7 }\nrunid: x\n')).toHaveLength(4);
  });

  it('not more than twenty', async () => {
    const many = Array.from({ length: 40 }, (_, at) => `  - { prompt: a, repo: /not/there/${at} }\n`).join('');
    expect(await all(`matrix:\n${many}`)).toHaveLength(20);
  });
});

describe('a plan', () => {
  it('has all that the file says, looked up', async () => {
    const { read, dir, write } = scene({ 'prompts/fix.md': '\ufeffFix {{what}} in {{repo.name}}.\n' });
    const text = `
runId: run-1
name: Everything
concurrency: 3
budget: { usd: 5, wallClock: 2h }
dayBudget: { tokens: 1000000 }
limits: { amp: { concurrency: 2, perMinute: 10 } }
vars: { what: the bug, version: 1.10 }
defaults:
  repo: ${repo}
  agent: command:{{file.dir}}/agent {{version}}
  scriptCommand: make test
  retries: 1
matrix:
  - promptFile: prompts/fix.md
  - repo: ${other}/src
    prompt: "  {{item}} {{agent}} {{what}}  "
    name: second
    vars: { what: another }
    baseBranch: release
    setup: npm ci
    scriptCommand: npm test
    agent: scripted:s.yaml
    model: quick
    timeoutSec: 60
    retries: 0
    retryOn: [failed]
    mergeOnPass: true
    untilPass: true
    maxIterations: 4
    budget: { tokens: 500 }
`;
    write('b.yaml', text);
    const { plan, file, trustSha256, programs } = await read();
    const sha256 = createHash('sha256').update(text).digest('hex');
    expect([file, trustSha256]).toEqual([join(dir, 'b.yaml'), sha256]);
    expect(plan.id).toBe('run-1');
    expect(plan.options).toEqual({
      name: 'Everything',
      file: join(dir, 'b.yaml'),
      sha256: plan.options.sha256,
      concurrency: 3,
      budget: { usd: 5, wallClockSec: 7200 },
      dayBudget: { tokens: 1_000_000 },
      limits: { amp: { concurrency: 2, perMinute: 10 } },
      kind: 'batch',
    });
    expect(plan.options.sha256).not.toBe(sha256);
    const repoName = repo.slice(repo.lastIndexOf('/') + 1);
    expect(plan.items).toEqual([
      {
        item: '001',
        name: 'fix',
        repo,
        prompt: `Fix the bug in ${repoName}.`,
        base: null,
        agent: { name: 'command', mode: null, command: `${dir}/agent 1.10` },
        test: 'make test',
        setup: null,
        timeoutSec: null,
        untilPass: false,
        maxIterations: 10,
        retries: 1,
        retryOn: ['error', 'timeout'],
        mergeOnPass: false,
        budget: null,
      },
      {
        item: '002',
        name: 'second',
        repo: other,
        prompt: '002 scripted another',
        base: 'release',
        agent: { name: 'scripted', mode: 'quick', command: join(dir, 's.yaml') },
        test: 'npm test',
        setup: 'npm ci',
        timeoutSec: 60,
        untilPass: true,
        maxIterations: 4,
        retries: 0,
        retryOn: ['failed'],
        mergeOnPass: true,
        budget: { tokens: 500 },
      },
    ]);
    expect(programs).toEqual([
      { what: 'program of the agent', line: `${dir}/agent 1.10`, items: 1 },
      { what: 'test command', line: 'make test', items: 1 },
      { what: 'script of the agent', line: join(dir, 's.yaml'), items: 1 },
      { what: 'test command', line: 'npm test', items: 1 },
      { what: 'set-up command', line: 'npm ci', items: 1 },
    ]);
  });

  it('names items after what differs, each once', async () => {
    const { read } = scene({
      'b.yaml': `defaults: { scriptCommand: "true" }
matrix:
  - { repo: ${repo}, prompt: "Mend the login\\nand more" }
  - { repo: ${repo}, prompt: Mend the login }
  - { repo: ${repo}, prompt: Mend the login }
prompts: [{ name: up, prompt: Upgrade }]
repos: [{ repo: ${repo}, name: shop }, ${other}]
agents: [{ agent: "command:a", name: first }, { agent: "command:b", model: big }]
`,
    });
    const { plan } = await read();
    const [here, there] = [repo, other].map((path) => path.slice(path.lastIndexOf('/') + 1));
    expect(plan.items.map(({ name }) => name)).toEqual([
      'Mend the login',
      `Mend the login-${here}`,
      'Mend the login-2',
      'up-shop-first',
      'up-shop-command-big',
      `up-${there}-first`,
      `up-${there}-command-big`,
    ]);
    expect(plan.items.map(({ item }) => item).join()).toBe('001,002,003,004,005,006,007');
    expect(plan.options.name).toBe('b');
    expect(plan.options.concurrency).toBe(4);
    expect((await read('b.yaml', { concurrency: 9 })).plan.options.concurrency).toBe(9);
  });

  it("a model is its agent's, and no other's", async () => {
    const { read } = scene({
      'b.yaml': `defaults: { repo: ${repo}, agent: "command:a", model: m }\nmatrix: [{ prompt: x }, { prompt: y, agent: "command:b" }, { prompt: z, model: n }]\n`,
    });
    expect((await read()).plan.items.map(({ agent }) => agent.mode)).toEqual(['m', null, 'n']);
  });

  it('keys without a value are as good as absent ones, and JSON is YAML', async () => {
    const { read, write } = scene({
      'b.yaml': `name:\nmatrix:\n  - repo: ${repo}\n    prompt: x\n    name:\n    budget:\n`,
    });
    expect((await read()).plan.items[0]).toMatchObject({ name: 'x', budget: null });
    write('b.json', JSON.stringify({ matrix: [{ repo, prompt: 'a\tb' }] }));
    expect((await read('b.json')).plan.items[0]!.prompt).toBe('a\tb');
  });
});

describe('including', () => {
  it('puts files together, each path as its own file has it', async () => {
    const { read, dir } = scene({
      'b.yaml': `include: [parts/more.yaml, parts/base.yaml]\nvars: { who: top }\nmatrix: [{ repo: ${repo}, prompt: "{{who}}" }]\n`,
      'parts/more.yaml': `include: base.yaml\nmatrix: [{ repo: ${repo}, promptFile: p.md }]\n`,
      'parts/base.yaml': 'concurrency: 7\nvars: { who: base, also: here }\ndefaults: { agent: "scripted:s.yaml" }\n',
      'parts/p.md': 'from {{who}} {{also}}',
    });
    const { plan, trustSha256 } = await read();
    expect(plan.items.map(({ prompt }) => prompt)).toEqual(['from top here', 'top']);
    expect(plan.items[0]!.agent.command).toBe(join(dir, 'parts/s.yaml'));
    expect(plan.options).toMatchObject({ concurrency: 7, name: 'b', file: join(dir, 'b.yaml') });
    const same = await read();
    expect(same.trustSha256).toBe(trustSha256);
  });

  it('any byte of what is included changes what is trusted, a prompt only what was read', async () => {
    const { read, write } = scene({
      'b.yaml': `include: a.yaml\nmatrix: [{ repo: ${repo}, promptFile: p.md }]\n`,
      'a.yaml': 'concurrency: 1\n',
      'p.md': 'one',
    });
    const first = await read();
    write('p.md', 'two');
    const second = await read();
    expect(second.trustSha256).toBe(first.trustSha256);
    expect(second.plan.options.sha256).not.toBe(first.plan.options.sha256);
    write('a.yaml', 'concurrency: 2\n');
    expect((await read()).trustSha256).not.toBe(first.trustSha256);
  });

  it('what lies outside the folder is told, through links too', async () => {
    const away = tempDir();
    const { read, dir, write } = scene({ 'b.yaml': `matrix: [{ repo: ${repo}, promptFile: link.md }]\n` });
    const secret = scene({ id_rsa: 'secret' }).dir;
    symlinkSync(join(secret, 'id_rsa'), join(dir, 'link.md'));
    expect((await read()).programs).toEqual([
      { what: 'file outside its folder', line: join(secret, 'id_rsa'), items: 1 },
    ]);
    write('up/b.yaml', `include: ../c.yaml\n`);
    write('c.yaml', `matrix: [{ repo: ${repo}, prompt: x }]\n`);
    expect((await read('up/b.yaml')).programs).toEqual([
      { what: 'file outside its folder', line: join(dir, 'c.yaml'), items: 1 },
    ]);
    write('d.yaml', `matrix: [{ repo: ${repo}, promptFile: ~/p.md }]\n`);
    expect((await errorOf(() => read('d.yaml', { env: { HOME: away } }))).message).toContain(
      `${away}/p.md is not there`,
    );
  });

  it('in a ring is refused where the ring closes', async () => {
    expect(await told('include: a.yaml\n', { 'a.yaml': 'include: [b.yaml]\n' })).toBe(
      'a.yaml:1:11: b.yaml includes this file again.',
    );
    expect(await told('name: x\ninclude: b.yaml\n')).toBe('b.yaml:2:10: b.yaml includes this file again.');
  });
});

describe('errors name file, line, column and key', () => {
  it.each([
    ['concurency: 3\n', 'b.yaml:1:1: there is no key `concurency`.', 'Did you mean `concurrency`?'],
    [
      'matrix:\n  - repo: .\n    promt: x\n',
      'b.yaml:3:5: there is no key `matrix[0].promt`.',
      'Did you mean `prompt`?',
    ],
    [
      'prompts:\n  - prompt: x\n    scriptcommand: y\n',
      'b.yaml:3:5: there is no key `prompts[0].scriptcommand`.',
      'Did you mean `scriptCommand`?',
    ],
    [
      'budget: { dollars: 5 }\n',
      'b.yaml:1:11: there is no key `budget.dollars`.',
      'Here may stand `usd`, `tokens`, `wallClock`.',
    ],
    ['concurrency: 0\n', 'b.yaml:1:14: `concurrency` must be a whole number, 1 to 1000, not 0.', 'Items at once.'],
    ['matrix: {}\n', 'b.yaml:1:9: `matrix` must be a list of items, not {}.', 'Items one by one.'],
    ['matrix: [x]\n', 'b.yaml:1:10: `matrix` must be a list of items; `matrix[0]` is "x".', 'Items one by one.'],
    [
      'matrix:\n  - name: 1.10\n',
      'b.yaml:2:11: `matrix[0].name` must be a name on one line, in quotes if it is a number, not 1.1.',
      'What it is called; unique in the batch.',
    ],
    [
      'defaults:\n  retryOn: [error, never]\n',
      'b.yaml:2:20: `defaults.retryOn` must be a list of `error`, `timeout`, `failed`; `defaults.retryOn[1]` is "never".',
      'What is tried again: error and timeout, where nothing is said.',
    ],
    [
      'budget: { wallClock: 2 days }\n',
      'b.yaml:1:22: `budget.wallClock` must be a time such as 2h or 90m, 596h at most, or a whole number of seconds, not "2 days".',
      'Time, as 2h, 90m, or a number of seconds.',
    ],
    [
      'runId: ../x\n',
      'b.yaml:1:8: `runId` must be an id of up to 63 letters, digits, - and _, not "../x".',
      'The id of the batch; without it one is made.',
    ],
    [
      'defaults: { baseBranch: --upload-pack=x }\n',
      'b.yaml:1:25: `defaults.baseBranch` must be a branch, tag or commit, not "--upload-pack=x".',
      'Branch, tag or commit to start from.',
    ],
    [
      'defaults: { mergeOnPass: no }\n',
      'b.yaml:1:26: `defaults.mergeOnPass` must be true or false, not "no".',
      'Merge what passed, one after the other.',
    ],
    ['[]\n', 'b.yaml:1:1: the file must be a group of keys, not [].', 'Write `matrix:` and the items below it.'],
    [
      'vars: { "a b": 1 }\n',
      'b.yaml:1:9: `vars` must be names (letters, digits, - and _) with a text or number each; `vars.a b` is 1.',
      'Values for `{{name}}` in every text of the file.',
    ],
    [
      'vars: { item: 1 }\nmatrix: [{ repo: REPO, prompt: x }]\n',
      "b.yaml:1:9: `item` is a variable of the program's own.",
      'Give it another name.',
    ],
    ['', 'b.yaml:1:1: there is nothing to do in it.', 'Write items below `matrix:`, or `prompts:` and `repos:`.'],
  ])('%j', async (text, message, hint) => {
    const error = await wrong(text);
    expect([error.message.replace(/^\/\S*\/amp-batch-[^/]+\//, ''), error.hint]).toEqual([message, hint]);
    expect(error.details).toMatchObject({ file: expect.stringMatching(/b\.yaml$/), line: expect.any(Number) });
  });

  it.each([
    [
      'a variable that is none',
      one('    name: "a {{nam}} b"\n    vars: { name: x }\n'),
      '5:14: there is no variable `nam` here.',
    ],
    ['one of several', one('    setup: echo {{item}} \\{{x}} {{itme}}\n'), '5:33: there is no variable `itme` here.'],
    [
      'in a text over many lines',
      one('    name: ok\n').replace('Do it', '|\n      first\n      then {{what}}'),
      '5:12: there is no variable `what` here.',
    ],
    ['braces without end', one('    setup: echo {{\n'), '5:17: `{{` begins a variable, and no name and `}}` follow.'],
    ['an agent that is none', one('').replace('scripted:s.yaml', 'amq'), '4:12: There is no agent `amq`.'],
    ['a base that is none', one('    baseBranch: nowhere\n'), '5:17: '],
    ['a prompt file that is none', `matrix: [{ repo: REPO, promptFile: p.md }]\n`, '1:'],
    [
      'a name that is taken',
      'matrix:\n  - { name: n, repo: REPO, prompt: a }\n  - { name: n, repo: REPO, prompt: b }\n',
      '3:13: “n” is the name of item 1 too.',
    ],
  ])('%s', async (_, text, message) => {
    expect(await told(text)).toContain(`b.yaml:${message}`);
  });

  it('what is wrong in a prompt file is told there', async () => {
    const text = `matrix: [{ repo: ${repo}, promptFile: p.md }]\n`;
    expect(await told(text, { 'p.md': 'one\ntwo {{three}}\n' })).toBe('p.md:2:5: there is no variable `three` here.');
    expect(await told(text, { 'p.md': ' \n' })).toMatch(/b\.yaml:1:\d+: .*p\.md holds no prompt\.$/);
  });

  it('a folder that is no repository', async () => {
    const { read, dir } = scene({ 'b.yaml': 'matrix:\n  - prompt: x\n    repo: none\n' });
    const error = await errorOf(() => read('b.yaml', { env: { GIT_CEILING_DIRECTORIES: dir } }));
    expect(error.message).toBe(`${dir}/b.yaml:3:11: The folder ${dir}/none does not exist.`);
    expect(error.details).toMatchObject({ line: 3, column: 11, key: 'matrix[0].repo' });
  });

  it('a file that is not there', async () => {
    const { read, dir } = scene({});
    expect((await errorOf(() => read())).message).toBe(`${dir}/b.yaml is not there.`);
    expect((await errorOf(() => read('.'))).message).toBe(`${dir} is not a file.`);
  });
});

describe('what YAML can do to a reader', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[at]}`).join()}]\n`).join('')}`;
  it.each<[string, string | Buffer, RegExp]>([
    ['a bomb of aliases', bomb, /the aliases cannot be followed/],
    ['a key twice', 'name: a\nname: b\n', /b\.yaml:2:1: `name` stands here twice\./],
    [
      'merge keys',
      'defaults: &d { retries: 1 }\nmatrix: [{ <<: *d, prompt: x }]\n',
      /there is no key `matrix\[0\]\.<<`/,
    ],
    ['__proto__', '__proto__: { concurrency: 3 }\n', /there is no key `__proto__`/],
    [
      'constructor in variables',
      'matrix: [{ repo: REPO, prompt: "{{constructor}}", agent: "command:x" }]\n',
      /no variable `constructor`/,
    ],
    ['a tag', 'name: !!js/function x\n', /not valid YAML/],
    ['tabs', 'matrix:\n\t- x\n', /not valid YAML/],
    ['two documents', 'name: a\n---\nname: b\n', /not valid YAML/],
    ['bytes that are no text', Buffer.from([0x6e, 0xff, 0xfe]), /not UTF-8/],
    ['levels without end', '['.repeat(100_000), /nests too deep|not valid YAML/],
    ['100 MB', Buffer.alloc(100_000_000, '#'), /is larger than 16777216 bytes/],
  ])('%s', async (_, text, message) => {
    expect((await wrong(text)).message).toMatch(message);
  });

  it('a byte order mark is nothing', async () => {
    const { read } = scene({ 'b.yaml': `\ufeffmatrix: [{ repo: ${repo}, prompt: x }]\n` });
    expect((await read()).plan.items.length).toBe(1);
  });
});
