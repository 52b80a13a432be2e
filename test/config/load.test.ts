import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS, DEFAULTS } from '../../src/config/keys.ts';
import { tempDir } from '../support/repo.ts';
import { errorOf, scene } from './support.ts';

describe('order', () => {
  it('gives the defaults where nothing else speaks', async () => {
    const loaded = await scene().load();
    for (const key of CONFIG_KEYS) {
      expect(loaded.value(key)).toBe(DEFAULTS[key]);
      expect(loaded.origin(key)).toEqual({ source: 'default' });
    }
    expect(loaded.config.agents.amp).toEqual({
      threadTrailer: false,
      coauthorTrailer: false,
      cost: true,
      labels: true,
    });
    expect(loaded.repositoryFile).toBeNull();
  });

  it('is flags, environment, repository, user, defaults', async () => {
    const { user, repository, load, home, repositoryPath } = scene();
    const sources = async (more = {}) => {
      const loaded = await load(more);
      return [loaded.config.agent, loaded.origin('agent').source];
    };
    expect(await sources()).toEqual(['amp', 'default']);
    user('agent: one\n');
    expect(await sources()).toEqual(['one', 'user']);
    repository('agent: two\n');
    expect(await sources()).toEqual(['two', 'repository']);
    const env = { AMP_SESSIONS_AGENT: 'three' };
    expect(await sources({ env })).toEqual(['three', 'environment']);
    expect(await sources({ env, flags: { agent: 'four' } })).toEqual(['four', 'flag']);
    expect(await sources({ env, flags: { agent: undefined } })).toEqual(['three', 'environment']);
    expect(await sources({ root: null })).toEqual(['one', 'user']);
    expect((await load()).origin('agent')).toEqual({ source: 'repository', file: repositoryPath, line: 1 });
    expect((await load({ root: null })).origin('agent').file).toBe(join(home.config, 'config.yaml'));
    expect((await load({ env })).origin('agent').variable).toBe('AMP_SESSIONS_AGENT');
  });

  it('mixes sources key by key, inside groups too', async () => {
    const { user, repository, load } = scene();
    user('# mine\n\nagents:\n  amp:\n    labels: false\n    cost: false\nmaxIterations: 3\n');
    repository('agents:\n  amp:\n    cost: true\n  # command:\n  command:\nidleSec: 9\n');
    const loaded = await load({ env: { AMP_SESSIONS_AGENTS_AMP_THREAD_TRAILER: 'on' } });
    expect(loaded.config.agents.amp).toEqual({
      threadTrailer: true,
      coauthorTrailer: false,
      cost: true,
      labels: false,
    });
    expect(loaded.config).toMatchObject({ maxIterations: 3, idleSec: 9, timeoutSec: 3600 });
    expect(loaded.origin('agents.amp.labels').line).toBe(5);
    expect(loaded.origin('agents.amp.cost')).toMatchObject({ source: 'repository', line: 3 });
    expect(loaded.origin('maxIterations').line).toBe(7);
  });

  it('takes an empty value, an empty file and an empty variable as absent', async () => {
    const { user, repository, load } = scene();
    user('# nothing yet\n');
    repository('test:\nagents:\n');
    const loaded = await load({ env: { AMP_SESSIONS_TEST: '' } });
    expect(loaded.value('test')).toBeUndefined();
    expect(loaded.origin('test').source).toBe('default');
    expect(loaded.needsTrust()).toEqual([]);
  });
});

describe('environment', () => {
  it.each([
    ['AMP_SESSIONS_MAX_ITERATIONS', '7', 'maxIterations', 7],
    ['AMP_SESSIONS_COMMIT_SIGN', 'Yes', 'commit.sign', true],
    ['AMP_SESSIONS_COMMIT_HOOKS', '0', 'commit.hooks', false],
    ['AMP_SESSIONS_TEST', '5', 'test', '5'],
  ] as const)('%s=%s', async (name, text, key, value) => {
    expect((await scene().load({ env: { [name]: text } })).value(key)).toBe(value);
  });

  it.each([
    ['AMP_SESSIONS_MAX_ITERATIONS', 'many'],
    ['AMP_SESSIONS_MAX_ITERATIONS', '1e3'],
    ['AMP_SESSIONS_COMMIT_SIGN', 'maybe'],
    ['AMP_SESSIONS_ISOLATION', 'jail'],
  ])('%s=%s is refused by name', async (name, text) => {
    const error = await errorOf(() => scene().load({ env: { [name]: text } }));
    expect(error.code).toBe('config.invalid');
    expect(error.message).toContain(`\`${name}\` must be`);
    expect(error.message).toContain(JSON.stringify(text));
    expect(error.hint).toBeTruthy();
  });

  it('leaves variables of ours that are no settings alone', async () => {
    await scene().load({ env: { AMP_SESSIONS_RUN: 'x', AMP_SESSIONS_MAX: 'y' } });
  });
});

describe('what is wrong in a file is named by file, line, column and key', () => {
  const cases: [name: string, text: string | Buffer, line: number, column: number, sentence: string | RegExp][] = [
    [
      'a wrong type',
      '\nmaxIterations: "3"\n',
      2,
      16,
      '`maxIterations` must be a whole number from 1 to 1000, not "3".',
    ],
    ['a deep key', 'agents:\n  amp:\n    cost: 1\n', 3, 11, '`agents.amp.cost` must be true or false, not 1.'],
    ['an unknown key', 'agent: amp\ntets: x\n', 2, 1, 'there is no setting `tets`.'],
    ['a deep unknown key', 'agents:\n  amp: { labels: true, csot: true }\n', 2, 24, 'no setting `agents.amp.csot`.'],
    ['a dotted key', 'agents.amp.cost: true\n', 1, 1, 'there is no setting `agents.amp.cost`.'],
    ['a value where a group stands', 'agents: amp\n', 1, 9, '`agents` must be a group of settings, not "amp".'],
    ['a list at the top', '- agent\n', 1, 1, /the file must be a group of settings/],
    ['a key twice', 'agent: amp\nagent: amp\n', 2, 1, '`agent` stands here twice.'],
    ['a deep key twice', 'commit:\n  sign: true\n  sign: true\n', 3, 3, '`sign` stands here twice.'],
    ['a tab', 'agents:\n\tamp:\n', 2, 1, /not valid YAML/],
    ['a tag', 'agent: !!js/function x\n', 1, 8, /not valid YAML: Unresolved tag/],
    ['two documents', 'agent: a\n---\nagent: b\n', 2, 1, /not valid YAML/],
    ['a merge key', 'commit:\n  <<: { sign: true }\n', 2, 3, 'no setting `commit.<<`.'],
    ['a prototype', '__proto__: { agent: x }\n', 1, 1, 'no setting `__proto__`.'],
    ['a constructor', 'agents:\n  constructor: x\n', 2, 3, 'no setting `agents.constructor`.'],
    ['a key that is no text', '? [a]\n: b\n', 1, 3, /not valid YAML/],
    ['very deep nesting', `agent: ${'['.repeat(50_000)}`, 1, 0, /not valid YAML/],
  ];
  it.each(cases)('%s', async (_, text, line, column, sentence) => {
    for (const which of ['repository', 'user'] as const) {
      const stage = scene();
      stage[which](text);
      const error = await errorOf(() => stage.load());
      const file = which === 'user' ? join(stage.home.config, 'config.yaml') : stage.repositoryPath;
      expect(error.code).toBe('config.invalid');
      expect(error.exit).toBe(2);
      expect(error.details).toMatchObject(column === 0 ? { file, line } : { file, line, column });
      expect(error.message.startsWith(`${file}:${line}:`)).toBe(true);
      expect(error.message).toEqual(typeof sentence === 'string' ? expect.stringContaining(sentence) : error.message);
      if (sentence instanceof RegExp) expect(error.message).toMatch(sentence);
      expect(error.hint).toBeTruthy();
    }
  });

  it.each([
    ['tets', 'test'],
    ['timeout', 'timeoutSec'],
    ['test_timeout_sec', 'testTimeoutSec'],
    ['max-iterations', 'maxIterations'],
    ['sign', 'commit.sign'],
    ['scriptCommand', undefined],
  ])('%s: did you mean %s', async (wrong, meant) => {
    const { repository, load } = scene();
    repository(`${wrong}: 1\n`);
    const { hint } = await errorOf(() => load());
    if (meant) expect(hint).toBe(`Did you mean \`${meant}\`?`);
    else expect(hint).toContain('config list');
  });

  it('bytes that are no UTF-8, bombs of aliases and dangling ones are refused', async () => {
    let bomb = 'a: &a0 [x,x,x,x,x,x,x,x,x]\n';
    for (let i = 1; i < 12; i++)
      bomb += `b${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(',')}]\n`;
    for (const text of [Buffer.from([0x61, 0x3a, 0x20, 0xff]), bomb, 'agent: *x\n']) {
      const { repository, load, repositoryPath } = scene();
      repository(text);
      const error = await errorOf(() => load());
      expect(error.code).toBe('config.invalid');
      expect(error.message).toContain(repositoryPath);
    }
  });

  it('a good alias is followed', async () => {
    const { user, load } = scene();
    user('timeoutSec: &t 120\ntestTimeoutSec: *t\n');
    const loaded = await load();
    expect(loaded.config.testTimeoutSec).toBe(120);
    expect(loaded.origin('testTimeoutSec').line).toBe(2);
  });

  it('a byte order mark is no part of the first key', async () => {
    const { user, load } = scene();
    user('\uFEFFagent: codex\n');
    expect((await load()).config.agent).toBe('codex');
  });
});

describe('how the repository’s file is read', () => {
  it('1 MiB is read, a byte more is not', async () => {
    const { repository, load } = scene();
    const text = (size: number) => `agent: codex\n#${'x'.repeat(size - 15)}\n`;
    repository(text(1 << 20));
    expect((await load()).config.agent).toBe('codex');
    repository(text((1 << 20) + 1));
    expect((await errorOf(() => load())).message).toContain('larger than 1048576 bytes');
  });

  it('a hundred thousand keys are refused without long thought', async () => {
    const { repository, load } = scene();
    repository(Array.from({ length: 100_000 }, (_, n) => `k${n}: 1\n`).join(''));
    expect((await errorOf(() => load())).message).toContain('no setting `k0`');
  });

  it('a link inside the repository is followed', async () => {
    const { root, load, repositoryPath } = scene();
    mkdirSync(join(root, 'conf'));
    writeFileSync(join(root, 'conf/x.yaml'), 'agent: inside\n');
    symlinkSync('conf/x.yaml', repositoryPath);
    expect((await load()).config.agent).toBe('inside');
  });

  it.each(['file', 'through a folder'])('a link out of it is not: %s', async (how) => {
    const { root, load, repositoryPath } = scene();
    const outside = tempDir();
    writeFileSync(join(outside, 'x.yaml'), 'agent: outside\n');
    if (how === 'file') symlinkSync(join(outside, 'x.yaml'), repositoryPath);
    else {
      symlinkSync(outside, join(root, 'conf'));
      symlinkSync('conf/x.yaml', repositoryPath);
    }
    const error = await errorOf(() => load());
    expect(error.code).toBe('config.invalid');
    expect(error.message).toContain('leaves the repository');
    expect(error.message).not.toContain('agent');
  });

  it('a neighbour whose name begins alike is outside', async () => {
    const parent = tempDir();
    mkdirSync(join(parent, 'repo'));
    mkdirSync(join(parent, 'repo-x'));
    writeFileSync(join(parent, 'repo-x/c.yaml'), 'agent: outside\n');
    symlinkSync('../repo-x/c.yaml', join(parent, 'repo/.amp-sessions.yaml'));
    const { load } = scene();
    expect((await errorOf(() => load({ root: join(parent, 'repo') }))).message).toContain('leaves the repository');
  });

  it('a link to nowhere is no file; a folder or a pipe is refused and does not block', async () => {
    const { load, repositoryPath } = scene();
    symlinkSync('nowhere', repositoryPath);
    expect((await load()).repositoryFile).toBeNull();
    rmSync(repositoryPath);
    mkdirSync(repositoryPath);
    expect((await errorOf(() => load())).code).toBe('config.invalid');
    rmSync(repositoryPath, { recursive: true });
    if (process.platform === 'win32') return;
    execFileSync('mkfifo', [repositoryPath]);
    expect((await errorOf(() => load())).message).toContain('is not a file');
  });
});

it('loads neither yaml nor zod unless there is something to read', async () => {
  const build = await rolldown({
    input: join(import.meta.dirname, '../../src/config/load.ts'),
    platform: 'node',
    external: ['zod', 'yaml'],
  });
  const { output } = await build.generate({ format: 'esm' });
  const chunks = new Map(output.flatMap((chunk) => (chunk.type === 'chunk' ? [[chunk.fileName, chunk] as const] : [])));
  const reach = (name: string): string[] => {
    const chunk = chunks.get(name);
    return chunk === undefined ? [name] : chunk.imports.flatMap(reach);
  };
  const entry = [...chunks.values()].find((chunk) => chunk.isEntry)!;
  const loaded = reach(entry.fileName);
  expect(loaded.filter((name) => /zod|yaml/.test(name))).toEqual([]);
  expect(entry.dynamicImports.flatMap(reach)).toEqual(expect.arrayContaining(['zod', 'yaml']));
});
