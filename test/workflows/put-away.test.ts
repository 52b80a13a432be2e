import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSession } from '../../src/workflows/find-session.ts';
import { planPruning, prune } from '../../src/workflows/prune.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { renameSession } from '../../src/workflows/rename-session.ts';
import { sessionDiff } from '../../src/workflows/session-diff.ts';
import { summaries } from '../../src/workflows/summaries.ts';
import { timeline } from '../../src/workflows/timeline.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const yaml = `
iterations:
  - - edit: { path: a.txt, replace: "two\\n", with: "zwei\\n" }
    - edit: { path: bin.dat, content: "\\u0000\\u0001" }
    - message: Translated.
  - - edit: { path: b.txt, content: "bye\\n" }
    - message: Said bye.
`;
const setUp = async (iterations = 1) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, {
    name: 'translate',
    agent: { name: 'scripted', mode: null, command: script(yaml) },
  });
  for (let i = 0; i < iterations; i++) await runOnce(ctx, session.id);
  const which = await findSession(ctx, session.id, dir);
  return { dir, ctx, id: session.id, branch: session.branch, worktree, which };
};

describe('rm', () => {
  it('refuses unmerged commits and uncommitted work, and changes nothing then', async () => {
    const { dir, ctx, worktree, which, branch } = await setUp();
    await expect(removeSession(ctx, which, { dryRun: false })).rejects.toMatchObject({ code: 'session.unmerged' });
    writeFileSync(join(worktree, 'precious.txt'), 'only copy\n');
    await expect(removeSession(ctx, which, { dryRun: false, unmerged: true })).rejects.toMatchObject({
      code: 'session.dirty',
      message: expect.stringContaining('precious.txt'),
    });
    expect(existsSync(join(worktree, 'precious.txt'))).toBe(true);
    expect(await git(dir, 'rev-parse', '--verify', branch)).toMatch(/^[0-9a-f]{40}$/);
  });

  it('drops worktree and branch when told, keeps the log and the commits, and only once', async () => {
    const { dir, ctx, id, worktree, which, branch } = await setUp();
    const commit = await git(dir, 'rev-parse', branch);
    const dry = await removeSession(ctx, which, { dryRun: true, unmerged: true });
    expect(dry).toMatchObject({ dryRun: true, worktree, branch, unmergedCommits: 1 });
    expect(existsSync(worktree)).toBe(true);
    await removeSession(ctx, which, { dryRun: false, unmerged: true });
    expect(existsSync(worktree)).toBe(false);
    expect(await git(dir, 'branch', '--list', 'amp/*')).toBe('');
    await sh(dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(dir, 'cat-file', '-t', commit)).toBe('commit');
    expect((await timeline(ctx, id)).session).toMatchObject({ removed: true, hasWorktree: false, hasBranch: false });
    await expect(removeSession(ctx, which, { dryRun: false })).rejects.toMatchObject({ code: 'session.archived' });
  });

  it('works where a submodule makes git refuse', async () => {
    const sub = await makeRepo();
    const { dir, ctx, which, worktree } = await setUp(0);
    await sh(worktree, `git -c protocol.file.allow=always submodule add -q '${sub}' sub && git commit -q -m sub`);
    await removeSession(ctx, which, { dryRun: false, unmerged: true });
    expect(existsSync(worktree)).toBe(false);
    expect(await git(dir, 'worktree', 'list', '--porcelain')).not.toContain('.worktrees');
  });
});

describe('archive', () => {
  it('drops the worktree only; the next iterate brings it back', async () => {
    const { dir, ctx, id, worktree, which, branch } = await setUp();
    await archiveSession(ctx, which, { dryRun: false });
    expect(existsSync(worktree)).toBe(false);
    expect(await git(dir, 'rev-parse', '--verify', branch)).toMatch(/^[0-9a-f]{40}$/);
    expect(await summaries(ctx)).toMatchObject([{ state: 'archived' }]);
    const run = await runOnce(ctx, id);
    expect(run.iteration).toMatchObject({ iteration: 2, outcome: 'completed', files: 1 });
    expect(await summaries(ctx)).toMatchObject([{ state: 'idle', iterations: 2 }]);
  });
});

describe('prune', () => {
  it('takes what is merged or empty, and says why the rest stays', async () => {
    const { dir, ctx, branch, which } = await setUp();
    const fresh = await make(ctx, { name: 'fresh' });
    const idle = await make(ctx, {
      name: 'idle',
      agent: { name: 'scripted', mode: null, command: script('iterations:\n  - - message: Nothing.\n') },
    });
    await runOnce(ctx, idle.session.id);
    expect((await planPruning(ctx)).items).toMatchObject([{ session: idle.session.id, reason: 'empty' }]);
    await git(dir, 'merge', '-q', branch);
    const plan = await planPruning(ctx);
    expect(plan.items.map(({ name, reason }) => [name, reason])).toEqual(
      expect.arrayContaining([
        ['translate', 'merged'],
        ['idle', 'empty'],
      ]),
    );
    expect(plan.items.every(({ bytes }) => bytes > 0)).toBe(true);
    expect(plan.kept).toMatchObject([{ name: 'fresh', why: 'it has not been used yet' }]);
    expect(await prune(ctx, plan.items)).toHaveLength(2);
    expect(existsSync(fresh.worktree)).toBe(true);
    expect((await summaries(ctx)).filter(({ removed }) => !removed)).toMatchObject([{ name: 'fresh' }]);
    expect(which.name).toBe('translate');
  });
});

describe('finding a session', () => {
  it('goes by id, prefix, name, branch, and the worktree one stands in', async () => {
    const { dir, ctx, id, worktree, branch } = await setUp(0);
    for (const given of [id, id.slice(0, 4), 'translate', 'TRANSLATE', branch])
      expect((await findSession(ctx, given, dir)).id, given).toBe(id);
    expect((await findSession(ctx, undefined, join(worktree, 'src'))).id).toBe(id);
    await expect(findSession(ctx, undefined, dir)).rejects.toMatchObject({ code: 'session.missing' });
    await expect(findSession(ctx, 'nope', dir)).rejects.toMatchObject({
      code: 'session.missing',
      hint: expect.stringContaining('list'),
    });
    await make(ctx, { name: 'translate' });
    await expect(findSession(ctx, 'translate', dir)).rejects.toMatchObject({ code: 'session.ambiguous' });
  });
});

describe('rename', () => {
  it('is found under the new name', async () => {
    const { dir, ctx, id, which } = await setUp(0);
    expect((await renameSession(ctx, which, { name: 'übersetzen', prompt: null, test: 'true' })).changed).toEqual([
      'session.renamed',
      'test-command.replaced',
    ]);
    expect((await findSession(ctx, 'übersetzen', dir)).id).toBe(id);
    await expect(findSession(ctx, 'translate', dir)).rejects.toMatchObject({ code: 'session.missing' });
  });
});

describe('diff', () => {
  it('is against the merge-base, not the tip, and can be cut', async () => {
    const { dir, ctx, id, worktree } = await setUp();
    writeFileSync(join(worktree, 'mine.txt'), 'm\n');
    await git(worktree, 'add', '-A');
    await git(worktree, 'commit', '-q', '-m', 'mine');
    await runOnce(ctx, id);
    await sh(dir, 'echo upstream > up.txt && git add -A && git commit -q -m upstream');
    const paths = async (part: Parameters<typeof sessionDiff>[2]) =>
      (await sessionDiff(ctx, id, part)).files.map(({ path }) => path).sort();
    expect(await paths({ part: 'all' })).toEqual(['a.txt', 'b.txt', 'bin.dat', 'mine.txt']);
    expect(await paths({ part: 'iteration', iteration: 2 })).toEqual(['b.txt']);
    expect(await paths({ part: 'agent' })).toEqual(['a.txt', 'b.txt', 'bin.dat']);
    expect(await paths({ part: 'manual' })).toEqual(['mine.txt']);
    await expect(paths({ part: 'iteration', iteration: 9 })).rejects.toMatchObject({ code: 'iteration.missing' });
    const { files, patch } = await sessionDiff(ctx, id, { part: 'iteration', iteration: 1 });
    expect(files.find(({ path }) => path === 'bin.dat')).toMatchObject({ status: 'added', insertions: null });
    expect(files.find(({ path }) => path === 'a.txt')).toMatchObject({
      status: 'modified',
      insertions: 1,
      deletions: 1,
    });
    expect((await patch()).toString()).toContain('+zwei');
  });
});

describe('timeline', () => {
  it('shows the state as it was, by number or time', async () => {
    const { ctx, id } = await setUp(2);
    const all = await timeline(ctx, id);
    const cut = all.events.findIndex(({ type }) => type === 'iteration.finished') + 1;
    expect((await timeline(ctx, id, String(cut))).session.iterations).toMatchObject([
      { iteration: 1, outcome: 'completed' },
    ]);
    expect((await timeline(ctx, id, all.events[0]!.at)).session.iterations).toEqual([]);
    await expect(timeline(ctx, id, '9999')).rejects.toMatchObject({ code: 'usage.invalid' });
    await expect(timeline(ctx, id, 'yesterday-ish')).rejects.toMatchObject({ code: 'usage.invalid' });
  });
});
