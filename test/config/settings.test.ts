import { lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONFIG_KEYS } from '../../src/config/keys.ts';
import { getConfigValue, listConfig, setConfigValue } from '../../src/config/settings.ts';
import { tempDir } from '../support/repo.ts';
import { errorOf, scene } from './support.ts';

const read = (path: string) => readFileSync(path, 'utf8');

describe('list and get', () => {
  it('name every setting, its value, its origin, and whether it counts', async () => {
    const { root, home, repository, user, repositoryPath } = scene();
    repository('\ntest: make\nidleSec: 5\n');
    user('model: deep\n');
    const list = await listConfig({ root, home, env: { AMP_SESSIONS_COLOR: 'never' } });
    expect(list.map(({ key }) => key)).toEqual(CONFIG_KEYS);
    const of = (key: string) => list.find((setting) => setting.key === key);
    const at = { source: 'repository', file: repositoryPath };
    expect(of('test')).toEqual({ key: 'test', value: 'make', trusted: false, ...at, line: 2 });
    expect(of('idleSec')).toEqual({ key: 'idleSec', value: 5, trusted: true, ...at, line: 3 });
    expect(of('model')).toMatchObject({ source: 'user', file: join(home.config, 'config.yaml'), line: 1 });
    expect(of('color')).toMatchObject({ value: 'never', source: 'environment', variable: 'AMP_SESSIONS_COLOR' });
    expect(of('setup')).toEqual({ key: 'setup', value: null, source: 'default', trusted: true });
  });

  it('an unknown key is an error with the one that was meant', async () => {
    const { root, home } = scene();
    const error = await errorOf(() => getConfigValue('test-timeout', { root, home, env: {} }));
    expect(error.code).toBe('config.unknown');
    expect(error.hint).toBe('Did you mean `testTimeoutSec`?');
    expect((await errorOf(() => getConfigValue('constructor', { root, home, env: {} }))).code).toBe('config.unknown');
    expect(await getConfigValue('agent', { root, home, env: {} })).toMatchObject({ value: 'amp', source: 'default' });
  });
});

describe('set', () => {
  it('makes the user’s file, private', async () => {
    const { root, home, load } = scene();
    const answer = await setConfigValue('agents.amp.cost', 'off', { scope: 'user', root, home });
    const file = join(home.config, 'config.yaml');
    expect(answer).toEqual({ key: 'agents.amp.cost', value: false, file });
    expect(read(file)).toBe('agents:\n  amp:\n    cost: false\n');
    expect((await load()).value('agents.amp.cost')).toBe(false);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keeps comments, order, blank lines and the other settings', async () => {
    const { root, home, repository, repositoryPath } = scene();
    repository(
      '# ours\n\n# how we test\ntest: npm test # all of it\n\nagents:\n  # the program\n  command:\n    run: "./a" # quoted\n# end\n',
    );
    for (const [key, value] of [
      ['test', 'npm run check'],
      ['maxIterations', '3'],
      ['agents.command.run', './b'],
      ['agents.amp.labels', 'no'],
    ] as const)
      await setConfigValue(key, value, { scope: 'repository', root, home });
    expect(read(repositoryPath)).toBe(
      '# ours\n\n# how we test\ntest: npm run check # all of it\n\nagents:\n  # the program\n  command:\n    run: "./b" # quoted\n  amp:\n    labels: false\nmaxIterations: 3\n\n# end\n',
    );
  });

  it('writes into a file of comments only, and below an emptied group', async () => {
    const { root, home, user, load } = scene();
    user('# nothing yet\n');
    await setConfigValue('agent', 'codex', { scope: 'user', root, home });
    expect(read(join(home.config, 'config.yaml'))).toContain('# nothing yet');
    user('commit: # later\nagent: codex\n');
    await setConfigValue('commit.sign', 'true', { scope: 'user', root, home });
    const loaded = await load();
    expect([loaded.value('commit.sign'), loaded.value('agent')]).toEqual([true, 'codex']);
  });

  it.each([
    'true',
    '12',
    'null',
    '~',
    'a: b',
    '# no comment',
    "it's",
    'multi\nline',
    ' padded ',
    '- x',
    '*a',
    '!x',
    '\u2028',
  ])('text that YAML would read otherwise comes back as it was: %j', async (text) => {
    const { root, home, load } = scene();
    await setConfigValue('test', text, { scope: 'user', root, home });
    expect((await load()).value('test')).toBe(text);
  });

  it('changes nothing when the key, the value or the file is wrong', async () => {
    const { root, home, repository, repositoryPath } = scene();
    const set = (key: string, value: string) =>
      errorOf(() => setConfigValue(key, value, { scope: 'repository', root, home }));
    repository('agent: amp\n');
    expect((await set('agnt', 'x')).code).toBe('config.unknown');
    const error = await set('maxIterations', 'x');
    expect(error.code).toBe('config.invalid');
    expect(error.message).toBe('`maxIterations` must be a whole number from 1 to 1000, not "x".');
    expect(read(repositoryPath)).toBe('agent: amp\n');
    repository('agent: amp\nbroken\n');
    expect((await set('maxIterations', '3')).code).toBe('config.invalid');
    repository('commit: &c { sign: true }\nagents: *c\n');
    expect((await set('agents.amp.cost', '1')).code).toBe('config.invalid');
  });

  it('needs a repository for the repository’s file', async () => {
    const { home } = scene();
    const error = await errorOf(() => setConfigValue('agent', 'x', { scope: 'repository', root: null, home }));
    expect(error.code).toBe('repository.missing');
  });

  it('a change takes the trust away', async () => {
    const { root, home, repository, load } = scene();
    repository('test: make\n');
    const { trustRepositoryConfig } = await import('../../src/config/trust.ts');
    await trustRepositoryConfig(root, home);
    await setConfigValue('maxIterations', '2', { scope: 'repository', root, home });
    expect((await load()).repositoryFile?.trusted).toBe(false);
  });

  it('keeps the user’s link and writes what it stands for', async () => {
    const { root, home } = scene();
    const dotfiles = tempDir();
    writeFileSync(join(dotfiles, 'amp.yaml'), 'agent: codex\n');
    mkdirSync(home.config, { recursive: true });
    symlinkSync(join(dotfiles, 'amp.yaml'), join(home.config, 'config.yaml'));
    await setConfigValue('model', 'deep', { scope: 'user', root, home });
    expect(read(join(dotfiles, 'amp.yaml'))).toBe('agent: codex\nmodel: deep\n');
    expect(lstatSync(join(home.config, 'config.yaml')).isSymbolicLink()).toBe(true);
  });

  it('does not write through the repository’s link to the outside', async () => {
    const { root, home, repositoryPath } = scene();
    const outside = join(tempDir(), 'x.yaml');
    writeFileSync(outside, 'agent: x\n');
    symlinkSync(outside, repositoryPath);
    const error = await errorOf(() => setConfigValue('agent', 'y', { scope: 'repository', root, home }));
    expect(error.code).toBe('config.invalid');
    expect(read(outside)).toBe('agent: x\n');
  });

  it('does not write through a dangling link either', async () => {
    const { root, home, repositoryPath } = scene();
    const outside = join(tempDir(), 'x.yaml');
    symlinkSync(outside, repositoryPath);
    await setConfigValue('agent', 'y', { scope: 'repository', root, home });
    expect(read(repositoryPath)).toBe('agent: y\n');
    expect(lstatSync(repositoryPath).isFile()).toBe(true);
  });
});
