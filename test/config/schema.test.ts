import Ajv from 'ajv';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { CONFIG_KEYS, DEFAULTS, environmentName } from '../../src/config/keys.ts';
import { configSchema, leaves, needsTrust } from '../../src/config/schema.ts';
import { getAt, nest } from '../../src/config/tree.ts';

/** Written out by hand: a key added to the schema must be judged here too. */
const PROGRAMS = [
  'test',
  'setup',
  'editor',
  'agents.amp.path',
  'agents.command.run',
  'agents.scripted.script',
  'commit.hooks',
  'commit.sign',
  'history.sign',
  'sync.auto',
  'sync.remote',
  'redaction.stores',
  'sandbox.use',
  'sandbox.image',
  'sandbox.home',
];
const FOLDERS = ['worktrees'];
const PROTECTIONS = ['sync.historyOnly'];
const HARMLESS = [
  'agent',
  'model',
  'testTimeoutSec',
  'setupTimeoutSec',
  'timeoutSec',
  'firstOutputSec',
  'idleSec',
  'maxIterations',
  'commit.maxFileMb',
  'base',
  'branchPrefix',
  'isolation',
  'color',
  'agents.amp.threadTrailer',
  'agents.amp.coauthorTrailer',
  'agents.amp.cost',
  'agents.amp.labels',
  'squash.manual',
];

describe('the schema', () => {
  it('has exactly the keys of the plain table', () => {
    expect([...leaves.keys()].sort()).toEqual([...CONFIG_KEYS].sort());
  });

  it('gives the plain table’s defaults for an empty file', () => {
    const defaults = nest(CONFIG_KEYS.map((key) => [key, DEFAULTS[key]]));
    expect(configSchema.parse({})).toEqual(configSchema.parse(defaults));
    for (const key of CONFIG_KEYS) expect(getAt(configSchema.parse({}), key)).toBe(DEFAULTS[key]);
  });

  it('classifies every key as to trust', () => {
    const of = (trust: string) => [...leaves.values()].filter((leaf) => leaf.trust === trust).map((leaf) => leaf.key);
    expect(of('always').sort()).toEqual([...PROGRAMS].sort());
    expect(of('outside').sort()).toEqual([...FOLDERS].sort());
    expect(of('off').sort()).toEqual(PROTECTIONS);
    expect(of('never').sort()).toEqual([...HARMLESS].sort());
    expect([PROGRAMS, FOLDERS, PROTECTIONS, HARMLESS].flat().length).toBe(CONFIG_KEYS.length);
  });

  it('describes every key in a sentence and says what it expects', () => {
    for (const leaf of leaves.values()) {
      expect(leaf.description, leaf.key).toMatch(/^[A-Z].{10,}\.$/);
      expect(leaf.expects, leaf.key).toMatch(/^[a-z].{3,}[^.]$/);
    }
  });

  it.each([
    ['agents.amp.threadTrailer', 'AMP_SESSIONS_AGENTS_AMP_THREAD_TRAILER'],
    ['testTimeoutSec', 'AMP_SESSIONS_TEST_TIMEOUT_SEC'],
    ['agent', 'AMP_SESSIONS_AGENT'],
  ] as const)('names the variable of %s', (key, name) => {
    expect(environmentName(key)).toBe(name);
  });

  it('gives every key a variable of its own', () => {
    expect(new Set(CONFIG_KEYS.map(environmentName)).size).toBe(CONFIG_KEYS.length);
  });
});

describe('worktrees need trust', () => {
  it.each(['/var/x', '../x', 'a/../../x', 'C:\\x', 'c:x', '\\\\host\\x', '~/x', '..\\x', '..'])('at %s', (folder) => {
    expect(needsTrust('worktrees', folder)).toBe(true);
  });
  it.each(['.worktrees', 'a/b', './x', 'a/../b', '..a/b', 'a/..'])('not at %s', (folder) => {
    expect(needsTrust('worktrees', folder)).toBe(false);
  });
});

describe('a protection', () => {
  it('needs trust where it is turned off, and none where it is turned on', () => {
    expect([needsTrust('sync.historyOnly', false), needsTrust('sync.historyOnly', true)]).toEqual([true, false]);
  });
});

describe('values', () => {
  const refused: [string, unknown][] = [
    ['agent', 'Amp!'],
    ['agent', ''],
    ['agent', 'command:rm -rf .'],
    ['agent', '--json'],
    ['model', '--dangerous'],
    ['model', 'a b'],
    ['test', ''],
    ['test', 'a\0b'],
    ['testTimeoutSec', 0],
    ['testTimeoutSec', 1.5],
    ['testTimeoutSec', 2_147_484],
    ['timeoutSec', -1],
    ['maxIterations', 0],
    ['maxIterations', 1001],
    ['base', '--output=x'],
    ['branchPrefix', '-x'],
    ['branchPrefix', 'a..b'],
    ['branchPrefix', 'a/'],
    ['branchPrefix', 'a.lock'],
    ['branchPrefix', 'a b'],
    ['branchPrefix', ''],
    ['worktrees', '.git/hooks'],
    ['worktrees', 'a/.GIT/b'],
    ['worktrees', 'a\\.git'],
    ['worktrees', ''],
    ['isolation', 'none'],
    ['sandbox.use', 'lxc'],
    ['sandbox.image', '--privileged'],
    ['sandbox.image', 'a b'],
    ['color', true],
    ['commit.hooks', 'yes'],
  ];
  const taken: [string, unknown][] = [
    ['agent', 'codex-2'],
    ['model', 'deep'],
    ['model', 'openai/gpt-5:high'],
    ['testTimeoutSec', 1],
    ['testTimeoutSec', 2_147_483],
    ['timeoutSec', 0],
    ['idleSec', 0],
    ['maxIterations', 1],
    ['maxIterations', 1000],
    ['base', 'origin/main~2'],
    ['branchPrefix', 'team/agenten-ä'],
    ['worktrees', '/srv/worktrees'],
    ['worktrees', '../.github'],
    ['sandbox.use', 'podman'],
    ['sandbox.image', 'ghcr.io/team/tools:1@sha256:0f'],
  ];
  const validate = new Ajv({ strict: false }).compile(configJsonSchema());
  const parses = (key: string, value: unknown) => configSchema.safeParse(nest([[key, value]])).success;

  it.each(refused)('%s: %j is refused', (key, value) => expect(parses(key, value)).toBe(false));
  it.each(taken)('%s: %j is taken, by the JSON Schema too', (key, value) => {
    expect(parses(key, value)).toBe(true);
    expect(validate(nest([[key, value]])), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe('the JSON Schema', () => {
  const schema = configJsonSchema();
  const validate = new Ajv({ strict: true, strictSchema: 'log', logger: false }).compile(schema);

  it('takes an empty file, refuses unknown keys at every level', () => {
    expect(validate({})).toBe(true);
    expect(validate({ agnet: 'amp' })).toBe(false);
    expect(validate({ agents: { amp: { pth: 'x' } } })).toBe(false);
    expect(validate({ maxIterations: '3' })).toBe(false);
  });

  it('describes every key and gives its default', () => {
    for (const key of CONFIG_KEYS) {
      const node = getAt(schema, `properties.${key.replaceAll('.', '.properties.')}`) as Record<string, unknown>;
      expect(node['description'], key).toBe(leaves.get(key)!.description);
      expect(node['default'], key).toBe(DEFAULTS[key]);
    }
  });

  it('holds nothing of ours that editors do not know', () => {
    expect(JSON.stringify(schema)).not.toMatch(/"(expects|trust)":/);
  });
});
