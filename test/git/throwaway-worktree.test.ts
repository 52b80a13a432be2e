import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { addDetachedWorktree } from '../../src/git/throwaway-worktree.ts';
import { removeWorktree } from '../../src/git/worktrees.ts';
import { git, makeRepo, type RepoOptions, sh } from '../support/repo.ts';

const look = (dir: string) =>
  sh(dir, 'git for-each-ref; git rev-parse HEAD; git symbolic-ref HEAD; git ls-files -s').then(({ stdout }) => stdout);

describe('addDetachedWorktree', () => {
  const kinds: [string, RepoOptions][] = [
    ['a checkout', {}],
    ['a bare repository', { bare: true }],
    ['SHA-256', { objectFormat: 'sha256' }],
  ];
  it.each(kinds)('shows a commit on no branch and goes without a trace: %s', async (_, options) => {
    const dir = await makeRepo(options);
    const repo = await locateRepository(dir);
    const commit = await git(dir, 'rev-parse', 'main');
    const before = await look(dir);
    const path = join(dir, '.worktrees', 'look');
    const wt = await addDetachedWorktree(repo, { path, commit });
    expect(wt.path).toBe(path);
    expect(readFileSync(join(path, 'src/c.txt'), 'utf8')).toBe('c\n');
    expect(await git(path, 'rev-parse', 'HEAD')).toBe(commit);
    expect((await sh(path, 'git symbolic-ref -q HEAD')).exitCode).toBe(1);
    expect(await git(path, 'status', '--porcelain')).toBe('');
    expect(await look(dir)).toBe(before);
    await removeWorktree(repo, path);
    expect(existsSync(path)).toBe(false);
    expect(await look(dir)).toBe(before);
    expect(await git(dir, 'worktree', 'list', '--porcelain')).not.toContain('look');
  });

  it('leaves nothing where the commit cannot be shown, and takes no folder that is taken', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const path = join(dir, '.worktrees', 'look');
    await expect(addDetachedWorktree(repo, { path, commit: 'b'.repeat(40) })).rejects.toMatchObject({
      code: 'git.failed',
    });
    expect(existsSync(path)).toBe(false);
    expect(await git(dir, 'worktree', 'list')).not.toContain('look');
    await expect(addDetachedWorktree(repo, { path, commit: '--help' })).rejects.toMatchObject({ code: 'ref.missing' });
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'precious'), 'mine');
    const commit = await git(dir, 'rev-parse', 'main');
    await expect(addDetachedWorktree(repo, { path, commit })).rejects.toMatchObject({ code: 'worktree.blocked' });
    expect(readFileSync(join(path, 'precious'), 'utf8')).toBe('mine');
  });
});
