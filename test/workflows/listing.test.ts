import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownRepositories, rememberRepository } from '../../src/config/known-repositories.ts';
import { homeDirs } from '../../src/config/paths.ts';
import { offerCommits, offerSessions } from '../../src/workflows/completion.ts';
import { type ListWish, listSessions } from '../../src/workflows/list-sessions.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { git, makeRepo, tempDir } from '../support/repo.ts';
import { contextIn, make } from '../support/sessions.ts';

const freshHome = () => {
  const env = { ...process.env, HOME: tempDir() };
  return { env, home: homeDirs(env) };
};
const WISH: ListWish = { allRepos: false, live: false, removed: false };
const COMMAND = { name: 'command', mode: null, command: 'true' };

describe('known repositories', () => {
  it('are remembered once each, in the order of their first use, in a private file', () => {
    const { home } = freshHome();
    const [one, two] = [tempDir(), tempDir()];
    expect(knownRepositories(home)).toEqual([]);
    for (const dir of [one, two, one]) rememberRepository(home, dir);
    const file = join(home.data, 'repositories');
    expect(readFileSync(file, 'utf8')).toBe(`${one}\n${two}\n`);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(knownRepositories(home)).toEqual([one, two]);
  });
  it('that are gone are left out, and come back when they do', () => {
    const { home } = freshHome();
    const dir = join(tempDir(), 'repo');
    mkdirSync(dir);
    rememberRepository(home, dir);
    renameSync(dir, `${dir}.away`);
    expect(knownRepositories(home)).toEqual([]);
    renameSync(`${dir}.away`, dir);
    expect(knownRepositories(home)).toEqual([dir]);
  });
  it('whose name would break the file, or a home that cannot be written, cost nothing else', () => {
    const { home } = freshHome();
    rememberRepository(home, '/a\n/b');
    expect(knownRepositories(home)).toEqual([]);
    mkdirSync(join(home.data, '..'), { recursive: true });
    writeFileSync(home.data, 'a file in the way');
    expect(() => rememberRepository(home, '/a')).not.toThrow();
    expect(knownRepositories(home)).toEqual([]);
  });
});

describe('list', () => {
  it('of all repositories says which is whose, and one that is broken does not hide the others', async () => {
    const { env, home } = freshHome();
    const dirs = [await makeRepo(), await makeRepo(), await makeRepo(), await makeRepo()];
    const ids: string[] = [];
    for (const dir of dirs) ids.push((await make(await contextIn(dir, env), { agent: COMMAND })).session.id);
    expect(knownRepositories(home)).toEqual(dirs);
    writeFileSync(join(dirs[1]!, '.amp-sessions.yaml'), 'tset: x\n');
    rmSync(join(dirs[2]!, '.git'), { recursive: true });
    const warnings: string[] = [];
    const options = { dir: '/', env, warn: (text: string) => void warnings.push(text) };
    const { items } = await listSessions(options, { ...WISH, allRepos: true });
    expect(items.map(({ id, repository }) => [id, repository])).toEqual([
      [ids[0], dirs[0]],
      [ids[3], dirs[3]],
    ]);
    expect(warnings).toEqual([expect.stringMatching(/\.amp-sessions\.yaml:1.*tset/)]);
  });

  it('leaves out what was not asked for', async () => {
    const { env } = freshHome();
    const dir = await makeRepo();
    const ctx = await contextIn(dir, env);
    for (const name of ['fresh', 'away', 'gone']) await make(ctx, { name, agent: COMMAND });
    const [, away, gone] = await summaries(ctx);
    await archiveSession(ctx, away!, { dryRun: false });
    await removeSession(ctx, gone!, { dryRun: false });
    const list = async (over: Partial<ListWish>) =>
      (await listSessions({ dir, env }, { ...WISH, ...over })).items.map(({ name }) => name);
    expect(await list({})).toEqual(['fresh', 'away']);
    expect(await list({ live: true })).toEqual(['fresh']);
    expect(await list({ removed: true })).toEqual(['fresh', 'away', 'gone']);
    expect(await list({ removed: true, live: true })).toEqual(['fresh']);
    const [fresh, archived] = await summaries(ctx);
    // The moments themselves belong to the range.
    expect(await list({ until: fresh!.createdAt })).toEqual(['fresh']);
    expect(await list({ since: archived!.lastActivityAt })).toEqual(['away']);
    expect(await list({ since: archived!.createdAt, until: '2000-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await list({ since: '2999-01-01T00:00:00.000Z' })).toEqual([]);
    expect((await listSessions({ dir, env }, WISH)).items[0]).not.toHaveProperty('repository');
  });

  it('tells a log that cannot be read from the others', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const bad = await make(ctx, { name: 'bad', agent: COMMAND });
    const good = await make(ctx, { name: 'good', agent: COMMAND });
    const ref = `refs/amp/sessions/${bad.session.id}/${ctx.store.writer}`;
    await ctx.store.close();
    await git(dir, 'update-ref', ref, 'main');
    rmSync(join(dir, '.git', 'amp'), { recursive: true });
    const again = await contextIn(dir);
    expect((await summaries(again)).map(({ id }) => id)).toContain(good.session.id);
  });
});

describe('what a shell may offer', () => {
  it('names live sessions by id and name with their state, and one the index does not know by its id', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const made = await make(ctx, { name: 'known', agent: COMMAND });
    const gone = await make(ctx, { name: 'gone', agent: COMMAND });
    rmSync(join(dir, '.git/amp/cache'), { recursive: true });
    expect((await offerSessions(dir)).map(({ value }) => value).sort()).toEqual(
      [made.session.id, gone.session.id].sort(),
    );
    const all = await summaries(ctx);
    await removeSession(ctx, all.find(({ name }) => name === 'gone')!, { dryRun: false });
    await summaries(ctx);
    expect(await offerSessions(join(dir, 'src'))).toEqual([
      { value: made.session.id, description: 'known, new' },
      { value: 'known', description: `${made.session.id}, new` },
    ]);
    await expect(offerSessions('/')).rejects.toMatchObject({ code: 'repository.missing' });
  });
  it('names branches and tags by their short names', async () => {
    const dir = await makeRepo();
    await git(dir, 'branch', 'feature/x');
    await git(dir, 'tag', 'v1');
    expect((await offerCommits(dir)).map(({ value }) => value)).toEqual(['feature/x', 'main', 'v1']);
  });
});

it('a known repository that cannot be read is named and passed over', async () => {
  const { env, home } = freshHome();
  const dir = await makeRepo();
  rememberRepository(home, dir);
  writeFileSync(join(dir, '.git', 'config'), '[core]\n\trepositoryformatversion = 99\n');
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  expect(await listSessions({ dir: '/', env, warn }, { ...WISH, allRepos: true })).toEqual({ items: [], more: false });
  expect(warnings).toEqual([expect.stringContaining(dir)]);
});
