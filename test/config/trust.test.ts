import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { expect, it } from 'vitest';
import { withFileLock } from '../../src/config/file-lock.ts';
import { isHooksTrusted, isTrusted, trustFile, trustHooks, trustRepositoryConfig } from '../../src/config/trust.ts';
import { exec } from '../support/repo.ts';
import { errorOf, scene } from './support.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const TEXT = 'test: npm test\nagents:\n  command:\n    run: ./agent\nmaxIterations: 3\nworktrees: ../elsewhere\n';

it('a program named by the repository needs trust, before and after every change of a byte', async () => {
  const { repository, load, root, home, repositoryPath } = scene();
  repository(TEXT);
  const before = await load();
  expect(before.needsTrust()).toEqual(['test', 'worktrees', 'agents.command.run']);
  expect(before.repositoryFile).toEqual({ path: repositoryPath, sha256: sha256(TEXT), trusted: false });
  const error = await errorOf(() => before.requireTrust(['test', 'setup', 'agents.command.run', 'maxIterations']));
  expect(error.code).toBe('config.untrusted');
  expect(error.exit).toBe(1);
  expect(error.message).toContain(`${repositoryPath} sets \`test\`, \`agents.command.run\`,`);
  expect(error.hint).toContain('amp-sessions config trust');
  expect(error.details).toEqual({ file: repositoryPath, keys: ['test', 'agents.command.run'] });

  expect(await trustRepositoryConfig(root, home)).toEqual({ file: repositoryPath, sha256: sha256(TEXT) });
  const after = await load();
  expect(after.repositoryFile?.trusted).toBe(true);
  after.requireTrust(['test', 'worktrees', 'agents.command.run']);

  repository(`${TEXT}#`);
  expect((await errorOf(async () => (await load()).requireTrust(['test']))).code).toBe('config.untrusted');
  repository(TEXT);
  (await load()).requireTrust(['test']);
});

it('what was loaded stays judged by the bytes that were read', async () => {
  const { repository, load, root, home } = scene();
  repository(TEXT);
  const early = await load();
  repository('test: good\n');
  await trustRepositoryConfig(root, home);
  expect((await errorOf(() => early.requireTrust(['test']))).code).toBe('config.untrusted');
});

it('harmless settings, and programs that others name, need no trust', async () => {
  const { repository, user, load } = scene();
  repository('maxIterations: 3\nworktrees: trees\nagent: command\nmodel: x\n');
  user('test: make\nsetup: make deps\ncommit:\n  hooks: true\nworktrees: /srv/trees\n');
  const loaded = await load({ env: { AMP_SESSIONS_EDITOR: 'vi' }, flags: { 'agents.command.run': './a' } });
  expect(loaded.needsTrust()).toEqual([]);
  loaded.requireTrust(['test', 'setup', 'editor', 'worktrees', 'agents.command.run', 'commit.hooks', 'agent']);
});

it('a value of the repository that something stronger replaces needs no trust', async () => {
  const { repository, load } = scene();
  repository('test: rm -rf /\neditor: evil\n');
  const loaded = await load({ env: { AMP_SESSIONS_TEST: 'make' }, flags: { editor: 'vi' } });
  loaded.requireTrust(['test', 'editor']);
  expect(loaded.value('test')).toBe('make');
});

it('hooks and signing need trust even where the repository switches them off', async () => {
  const { repository, load } = scene();
  repository('commit:\n  hooks: false\n  sign: false\n');
  expect((await load()).needsTrust()).toEqual(['commit.hooks', 'commit.sign']);
});

it('trust is for one repository', async () => {
  const [one, other] = [scene(), scene()];
  for (const { repository } of [one, other]) repository(TEXT);
  await trustRepositoryConfig(one.root, one.home);
  expect(isTrusted(one.root, sha256(TEXT), one.home)).toBe(true);
  expect(isTrusted(other.root, sha256(TEXT), one.home)).toBe(false);
  expect(isTrusted('__proto__', sha256(TEXT), one.home)).toBe(false);
});

it('refuses to trust what has changed since it was shown, and what is not there', async () => {
  const { repository, root, home } = scene();
  expect((await errorOf(() => trustRepositoryConfig(root, home))).code).toBe('file.missing');
  repository(TEXT);
  const error = await errorOf(() => trustRepositoryConfig(root, home, sha256('other')));
  expect(error.code).toBe('config.untrusted');
  expect(existsSync(trustFile(home))).toBe(false);
});

it('keeps hooks apart from settings', async () => {
  const { root, home } = scene();
  await trustHooks(root, 'abc', home);
  expect(isHooksTrusted(root, 'abc', home)).toBe(true);
  expect(isHooksTrusted(root, 'abd', home)).toBe(false);
  expect(isTrusted(root, 'abc', home)).toBe(false);
});

it('is private, readable JSON, and leaves nothing beside it', async () => {
  const { repository, root, home } = scene();
  repository(TEXT);
  await trustRepositoryConfig(root, home);
  await trustHooks(root, 'h', home);
  expect(JSON.parse(readFileSync(trustFile(home), 'utf8'))).toEqual({
    config: { [root]: sha256(TEXT) },
    hooks: { [root]: 'h' },
    sessions: {},
    changes: {},
    batches: {},
  });
  expect(readdirSync(home.data)).toEqual(['trust.json']);
  if (process.platform !== 'win32') expect(statSync(trustFile(home)).mode & 0o777).toBe(0o600);
});

it.each(['', '{', 'null', '[]', '{"config":3}', '{"config":{"x":1}}'])(
  'a damaged book (%j) trusts nothing',
  async (text) => {
    const { root, home, repository, load } = scene();
    repository(TEXT);
    mkdirSync(home.data, { recursive: true });
    writeFileSync(trustFile(home), text);
    expect((await load()).repositoryFile?.trusted).toBe(false);
    await trustRepositoryConfig(root, home);
    expect((await load()).repositoryFile?.trusted).toBe(true);
  },
);

it('many processes at once lose nothing', { timeout: 120_000 }, async () => {
  const { home, root } = scene();
  const build = await rolldown({ input: join(import.meta.dirname, '../../src/config/trust.ts'), platform: 'node' });
  await build.write({ file: join(root, 'trust.mjs'), format: 'esm' });
  const script = (n: number) => `
    import { trustHooks } from ${JSON.stringify(`file://${join(root, 'trust.mjs')}`)};
    for (let k = 0; k < 10; k++) await trustHooks('/r${n}-' + k, 'h', ${JSON.stringify(home)});`;
  const runs = await Promise.all(
    Array.from({ length: 8 }, (_, n) => exec(root, process.execPath, ['--input-type=module', '-e', script(n)])),
  );
  for (const run of runs) expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  expect(Object.keys(JSON.parse(readFileSync(trustFile(home), 'utf8')).hooks)).toHaveLength(80);
  expect(readdirSync(home.data)).toEqual(['trust.json']);
});

it('a lock whose holder is dead is broken, a living one is waited for', async () => {
  const { home } = scene();
  const lock = join(home.data, 'x.lock');
  const gone = await exec(process.cwd(), process.execPath, ['-p', 'process.pid']);
  mkdirSync(home.data, { recursive: true });
  writeFileSync(lock, gone.stdout.trim());
  expect(await withFileLock(lock, () => 'done')).toBe('done');
  expect(existsSync(lock)).toBe(false);

  const order: string[] = [];
  writeFileSync(lock, String(process.pid));
  const waiting = withFileLock(lock, () => order.push('got it'));
  await new Promise((resolve) => setTimeout(resolve, 60));
  order.push('released');
  unlinkSync(lock);
  await waiting;
  expect(order).toEqual(['released', 'got it']);
});

it('a lock held for long is an error that names its file', async () => {
  const { home } = scene();
  const lock = join(home.data, 'x.lock');
  mkdirSync(home.data, { recursive: true });
  writeFileSync(lock, String(process.pid));
  const error = await errorOf(() => withFileLock(lock, () => 1));
  expect(error.code).toBe('config.busy');
  expect(error.message).toContain(lock);
});
