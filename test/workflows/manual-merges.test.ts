import { describe, expect, it } from 'vitest';
import { git, sh } from '../support/repo.ts';
import { makeWorld } from './landing/world.ts';

describe('what a person did on the branch', () => {
  it('is their own commits, not what they merged from the base', async () => {
    const w = await makeWorld();
    await w.iterate();
    const up = await w.upstream('up.txt', 'upstream\n');
    const mine = await w.byHand('mine.txt', 'mine\n');
    await git(w.worktree, 'merge', '-q', '--no-edit', 'main');
    const merge = await w.rev(w.branch);
    await w.iterate();
    const { manualCommits } = await w.session();
    expect(manualCommits.map(({ commit }) => commit)).toEqual([mine, merge]);
    expect(manualCommits.map(({ commit }) => commit)).not.toContain(up);
  });

  it('has a note, and stays reachable whatever becomes of the branch', async () => {
    const w = await makeWorld();
    await w.iterate();
    const mine = await w.byHand('mine.txt', 'mine\n');
    await w.iterate();
    expect(await git(w.dir, 'notes', '--ref=amp', 'show', mine)).toContain('"type":"manual-commit.found"');
    await sh(w.worktree, 'git reset -q --hard HEAD~2');
    await w.iterate();
    await sh(w.dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    for (const commit of [mine, ...(await w.session()).iterations.map((one) => one.commit!)])
      expect(await git(w.dir, 'cat-file', '-t', commit)).toBe('commit');
  });

  it('may be nothing but taking in the base, which moves the branch and makes no commit', async () => {
    const w = await makeWorld();
    const up = await w.upstream('up.txt', 'upstream\n');
    await git(w.worktree, 'merge', '-q', '--ff-only', 'main');
    await w.iterate();
    const { manualCommits, iterations } = await w.session();
    expect([manualCommits, iterations[0]!.head]).toEqual([[], up]);
    expect(await w.subjects(`main..${w.branch}`)).toEqual(['amp: Added line 1.']);
  });

  it('is found also where the branch was rewritten, and the commits of before stay', async () => {
    const w = await makeWorld();
    await w.iterate();
    const before = await w.rev(w.branch);
    await w.upstream('up.txt', 'upstream\n');
    await w.byHand('mine.txt', 'mine\n');
    await git(w.worktree, 'rebase', '-q', 'main');
    const mine = await w.rev(w.branch);
    await w.iterate();
    const { manualCommits } = await w.session();
    expect(manualCommits.map(({ commit }) => commit)).toEqual([mine]);
    await sh(w.dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(w.dir, 'cat-file', '-t', before)).toBe('commit');
  });
});
