import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { summaries } from '../../src/workflows/summaries.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const snapshot = (dir: string) =>
  sh(
    dir,
    'git status --porcelain=v2 --branch; git stash list; cat .git/HEAD .git/config; sha256sum .git/index; find . -path ./.git -prune -o -path ./.worktrees -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; ls .git/hooks',
  );

describe('new', () => {
  it('makes worktree, branch and record, and leaves the checkout as it is', async () => {
    const dir = await makeRepo();
    writeFileSync(join(dir, 'a.txt'), 'dirty\n');
    writeFileSync(join(dir, 'untracked.txt'), 'u\n');
    await sh(dir, 'echo staged > b.txt && git add b.txt');
    const before = await snapshot(dir);
    const ctx = await contextIn(dir);
    const { session, worktree } = await make(ctx, { name: 'Füge Login hinzu!' });
    expect(await snapshot(dir)).toEqual(before);
    expect(worktree).toBe(join(dir, '.worktrees', session.id));
    expect(session.id).toMatch(/^[a-z][a-z0-9]{9}$/);
    expect(session.branch).toMatch(/^amp\/füge-login-hinzu\/\d{8}-\d{6}$/);
    expect(await git(worktree, 'symbolic-ref', '--short', 'HEAD')).toBe(session.branch);
    expect(readFileSync(join(worktree, 'a.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
    expect(readFileSync(join(dir, '.git', 'info', 'exclude'), 'utf8')).toContain('/.worktrees/');
    expect(await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions')).toBe(
      `refs/amp/sessions/${session.id}/${ctx.store.writer}`,
    );
  });

  it('works on an empty repository, a detached HEAD, from a subfolder, a linked worktree and a bare repository', async () => {
    const empty = await makeRepo({ empty: true });
    const first = await make(await contextIn(empty));
    expect(first.session.base).toBeNull();
    expect(await git(first.worktree, 'log', '--format=%s')).not.toBe('');
    expect((await sh(empty, 'git rev-parse --verify -q HEAD')).exitCode).not.toBe(0);

    const dir = await makeRepo();
    const head = await git(dir, 'rev-parse', 'HEAD');
    await git(dir, 'checkout', '-q', '--detach');
    const detached = await make(await contextIn(join(dir, 'src')));
    expect(detached.session).toMatchObject({ base: head, baseCommit: head });

    const linked = join(tempDir(), 'linked');
    await git(dir, 'worktree', 'add', '-q', linked, '-b', 'feature');
    const fromLinked = await make(await contextIn(linked));
    expect(fromLinked.session.base).toBe('feature');
    expect(fromLinked.worktree).toBe(join(dir, '.worktrees', fromLinked.session.id));

    const bare = await makeRepo({ bare: true });
    const inBare = await make(await contextIn(bare));
    expect(existsSync(join(inBare.worktree, 'a.txt'))).toBe(true);
    const yaml = 'iterations:\n  - - edit: { path: n.txt, content: "n\\n" }\n    - message: Made n.\n';
    const ctx = await contextIn(bare);
    const again = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
    expect((await runOnce(ctx, again.session.id)).iteration.files).toBe(1);
  });

  it('works in SHA-256 repositories, to the commit, the note and the log', async () => {
    const dir = await makeRepo({ objectFormat: 'sha256' });
    const ctx = await contextIn(dir);
    const yaml = 'iterations:\n  - - edit: { path: n.txt, content: "n\\n" }\n    - message: Made n.\n';
    const { session } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(yaml) } });
    const run = await runOnce(ctx, session.id);
    expect(run.iteration.commit).toMatch(/^[0-9a-f]{64}$/);
    expect(await git(dir, 'notes', '--ref=amp', 'show', session.branch)).toContain('iteration.finished');
    expect((await sh(dir, 'git fsck --full --strict')).exitCode).toBe(0);
  });

  it('takes names in any script, and the same name in the same second', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const names = [
      '添加登录',
      'Добавить вход',
      '🚀',
      '  ',
      '--output=x',
      'a/b\\c:d?*[',
      'x'.repeat(300),
      'x',
      'x',
      'x',
    ];
    const branches = new Set<string>();
    for (const name of names) branches.add((await make(ctx, { name: name.trim() || null })).session.branch);
    expect(branches.size).toBe(names.length);
    for (const branch of branches)
      expect((await sh(dir, `git check-ref-format --branch '${branch}'`)).exitCode).toBe(0);
    expect(await summaries(ctx)).toHaveLength(names.length);
  });

  it('refuses a base that is not there, and a prefix that a branch blocks', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    await expect(make(ctx, { base: 'nope' })).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(make(ctx, { base: '--output=/tmp/x' })).rejects.toMatchObject({ code: 'ref.missing' });
    await git(dir, 'branch', 'amp');
    await expect(make(ctx)).rejects.toMatchObject({
      code: 'branch.blocked',
      hint: expect.stringContaining('branchPrefix'),
    });
    expect(await summaries(ctx)).toEqual([]);
    expect(existsSync(join(dir, '.worktrees'))).toBe(false);
  });

  it('keeps the session and says how to go on when the set-up fails', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    await expect(make(ctx, { setup: 'echo no such package >&2; exit 3' })).rejects.toMatchObject({
      code: 'setup.failed',
      message: expect.stringContaining('no such package'),
    });
    expect(await summaries(ctx)).toMatchObject([{ state: 'new', hasWorktree: true }]);
  });
});
