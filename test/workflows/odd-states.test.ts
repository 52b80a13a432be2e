import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/process/lock.ts';
import type { Context } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { lockPath } from '../../src/workflows/journal.ts';
import { planPruning, prune } from '../../src/workflows/prune.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { renameSession } from '../../src/workflows/rename-session.ts';
import { readSession, summaries } from '../../src/workflows/summaries.ts';
import { worktreeOf } from '../../src/workflows/worktree-of.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const NOTHING = 'after: repeat\niterations:\n  - - message: Nothing.\n';

const add = async (ctx: Context, name: string, yaml = WORK) => {
  const agent = { name: 'scripted', mode: null, command: script(yaml) };
  const { session, worktree } = await make(ctx, { name, agent });
  await runOnce(ctx, session.id);
  return { id: session.id, branch: session.branch, worktree, which: await findSession(ctx, session.id, '/') };
};
const setUp = async (yaml = WORK) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  return { dir, ctx, ...(await add(ctx, 'task', yaml)) };
};
const GO = { dryRun: false };
const has = async (dir: string, branch: string) =>
  (await sh(dir, `git rev-parse -q --verify 'refs/heads/${branch}'`)).exitCode === 0;
const typesOf = async (ctx: Context, id: string) =>
  (await ctx.store.read(`sessions/${id}`)).events.map(({ type }) => type);

describe('a worktree deleted by hand', () => {
  it('archive puts on record that it is gone, and keeps the branch', async () => {
    const { dir, ctx, id, worktree, which, branch } = await setUp();
    rmSync(worktree, { recursive: true });
    const tip = await git(dir, 'rev-parse', branch);
    expect(await archiveSession(ctx, which, GO)).toMatchObject({ worktree: null, branch: null, commit: tip });
    expect(await readSession(ctx, id)).toMatchObject({ archived: true, hasWorktree: false, hasBranch: true });
    expect(await git(dir, 'worktree', 'list', '--porcelain')).not.toContain(worktree);
    await expect(worktreeOf(ctx, id)).rejects.toMatchObject({ message: expect.stringContaining('archived') });
    expect((await runOnce(ctx, id)).iteration).toMatchObject({ iteration: 2, outcome: 'completed' });
    expect(await worktreeOf(ctx, id)).toBe(worktree);
  });
  it('rm still asks about its commits, and then takes the branch', async () => {
    const { dir, ctx, worktree, which, branch } = await setUp();
    rmSync(worktree, { recursive: true });
    await expect(removeSession(ctx, which, GO)).rejects.toMatchObject({ code: 'session.unmerged' });
    expect(await has(dir, branch)).toBe(true);
    expect(await removeSession(ctx, which, { ...GO, unmerged: true })).toMatchObject({ worktree: null, branch });
    expect(await has(dir, branch)).toBe(false);
  });
  it('prune removes it when it is merged, and counts no bytes', async () => {
    const { dir, ctx, id, worktree, branch } = await setUp();
    await git(dir, 'merge', '-q', branch);
    rmSync(worktree, { recursive: true });
    const { items, kept } = await planPruning(ctx);
    expect([items, kept]).toMatchObject([[{ session: id, reason: 'merged', worktree: null, branch, bytes: 0 }], []]);
    expect(await prune(ctx, items)).toHaveLength(1);
    expect((await planPruning(ctx)).items).toEqual([]);
  });
});

describe('a branch deleted by hand', () => {
  it('with its worktree: rm removes the rest, and says that no branch went', async () => {
    const { dir, ctx, id, worktree, which, branch } = await setUp();
    const tip = await git(dir, 'rev-parse', branch);
    rmSync(worktree, { recursive: true });
    await git(dir, 'worktree', 'prune');
    await git(dir, 'branch', '-q', '-D', branch);
    expect(await removeSession(ctx, which, GO)).toMatchObject({ worktree: null, branch: null, commit: null });
    expect(await typesOf(ctx, id)).not.toContain('branch.removed');
    await sh(dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(dir, 'cat-file', '-t', tip)).toBe('commit');
  });
  it('under a standing worktree: its files are all uncommitted then, and are not lost', async () => {
    const { dir, ctx, worktree, which, branch } = await setUp();
    await git(dir, 'update-ref', '-d', `refs/heads/${branch}`);
    for (const verb of [archiveSession, removeSession])
      await expect(verb(ctx, which, { ...GO, unmerged: true })).rejects.toMatchObject({ code: 'session.dirty' });
    expect(readFileSync(join(worktree, 'work.txt'), 'utf8')).toBe('work\n');
  });
});

describe('something else in the place of a worktree', () => {
  it('is not touched by any verb, and does not keep prune from the others', async () => {
    const { dir, ctx, id, worktree, which } = await setUp();
    const idle = await add(ctx, 'idle', NOTHING);
    rmSync(worktree, { recursive: true });
    mkdirSync(worktree);
    writeFileSync(join(worktree, 'mine.txt'), 'only copy\n');
    for (const verb of [archiveSession, removeSession])
      await expect(verb(ctx, which, { ...GO, unmerged: true })).rejects.toMatchObject({ code: 'worktree.blocked' });
    await expect(runOnce(ctx, id)).rejects.toMatchObject({ code: 'worktree.blocked', hint: expect.any(String) });
    const { items, kept } = await planPruning(ctx);
    expect(items).toMatchObject([{ session: idle.id, reason: 'empty' }]);
    expect(kept).toMatchObject([{ session: id, why: expect.stringContaining('.git') }]);
    expect(readFileSync(join(worktree, 'mine.txt'), 'utf8')).toBe('only copy\n');
    expect(await git(dir, 'status', '--porcelain')).toBe('');
  });
});

describe('uncommitted work', () => {
  it('inside a submodule keeps rm, archive and prune away', async () => {
    const sub = await makeRepo();
    const { dir, ctx, which, worktree, branch, id } = await setUp();
    const own = '-c user.name=a -c user.email=a@a -c protocol.file.allow=always';
    expect((await sh(worktree, `git ${own} submodule add -q '${sub}' sub && git ${own} commit -q -m sub`)).stderr).toBe(
      '',
    );
    await git(dir, 'merge', '-q', branch);
    writeFileSync(join(worktree, 'sub', 'a.txt'), 'only copy\n');
    for (const verb of [archiveSession, removeSession])
      await expect(verb(ctx, which, GO)).rejects.toMatchObject({
        code: 'session.dirty',
        message: expect.stringContaining('sub/a.txt'),
      });
    expect((await planPruning(ctx)).kept).toMatchObject([
      { session: id, why: expect.stringMatching(/uncommitted.*sub/) },
    ]);
    expect(readFileSync(join(worktree, 'sub', 'a.txt'), 'utf8')).toBe('only copy\n');
    await sh(join(worktree, 'sub'), `git ${own} commit -q -a -m "not pushed"`);
    await sh(worktree, `git ${own} commit -q -a -m "newer sub"`);
    await git(dir, 'merge', '-q', branch);
    await expect(removeSession(ctx, which, GO)).rejects.toMatchObject({
      code: 'session.dirty',
      message: expect.stringContaining('sub (1 commit that no remote has)'),
    });
    expect((await sh(join(worktree, 'sub'), 'git push -q origin HEAD:refs/heads/saved')).stderr).toBe('');
    await removeSession(ctx, which, GO);
    expect(existsSync(worktree)).toBe(false);
  });
  it('that came after the plan keeps prune from that one, and from no other', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const [first, second] = [await add(ctx, 'first', NOTHING), await add(ctx, 'second', NOTHING)];
    const { items } = await planPruning(ctx);
    expect(items).toHaveLength(2);
    writeFileSync(join(first.worktree, 'late.txt'), 'l\n');
    expect(await prune(ctx, items)).toMatchObject([{ session: second.id }]);
    expect(existsSync(join(first.worktree, 'late.txt'))).toBe(true);
    expect(ctx.warnings.join()).toContain('late.txt');
  });
  it('is what it is also with --dry-run', async () => {
    const { ctx, which, worktree } = await setUp();
    writeFileSync(join(worktree, 'new.txt'), 'n\n');
    const dry = { dryRun: true, unmerged: true };
    await expect(removeSession(ctx, which, dry)).rejects.toMatchObject({ code: 'session.dirty' });
    await expect(archiveSession(ctx, which, dry)).rejects.toMatchObject({ code: 'session.dirty' });
  });
});

describe('a session that another process holds', () => {
  it('refuses every verb that changes it, by the name of what holds it', async () => {
    const { ctx, id, which, worktree } = await setUp(NOTHING);
    const lock = await acquireLock(lockPath(ctx, id), { command: 'iterate' });
    const busy = {
      code: 'session.busy',
      message: expect.stringMatching(/`iterate` \(process \d+ on/),
      hint: expect.stringContaining('stop'),
    };
    await expect(archiveSession(ctx, which, GO)).rejects.toMatchObject(busy);
    await expect(removeSession(ctx, which, GO)).rejects.toMatchObject(busy);
    await expect(renameSession(ctx, which, { name: 'x', prompt: null })).rejects.toMatchObject(busy);
    await expect(runOnce(ctx, id)).rejects.toMatchObject(busy);
    expect(await planPruning(ctx)).toMatchObject({ items: [], kept: [{ session: id, why: 'a process works on it' }] });
    lock.release();
    expect((await planPruning(ctx)).items).toHaveLength(1);
    expect(existsSync(worktree)).toBe(true);
  });
});

describe('archive and rm of what is put away', () => {
  it('an archived session is archived once, can be removed, and is renamed to its last day', async () => {
    const { dir, ctx, id, which, branch } = await setUp();
    await archiveSession(ctx, which, GO);
    await expect(archiveSession(ctx, which, GO)).rejects.toMatchObject({ code: 'session.archived' });
    const dry = await removeSession(ctx, which, { dryRun: true, unmerged: true });
    expect([dry.branch, await has(dir, branch)]).toEqual([branch, true]);
    await removeSession(ctx, which, { ...GO, unmerged: true });
    const types = await typesOf(ctx, id);
    expect(types.filter((type) => /remov|archiv/.test(type))).toEqual([
      'worktree-removal.started',
      'worktree.removed',
      'session.archived',
      'branch-removal.started',
      'branch.removed',
      'session.removed',
    ]);
    await renameSession(ctx, which, { name: 'late', prompt: null });
    expect(await summaries(ctx)).toMatchObject([{ name: 'late', removed: true, state: 'archived' }]);
    await expect(worktreeOf(ctx, id)).rejects.toMatchObject({
      code: 'session.archived',
      hint: expect.stringContaining('resume'),
    });
  });
});
