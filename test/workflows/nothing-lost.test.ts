import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSession } from '../../src/workflows/find-session.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { planPruning } from '../../src/workflows/prune.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { renameSession } from '../../src/workflows/rename-session.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const yaml = `
after: repeat
iterations:
  - - run: echo work >> work.txt && git add -A && git commit -qm "the agent's own"
    - message: Worked.
`;
const setUp = async (text = yaml) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(text) } });
  const which = await findSession(ctx, session.id, dir);
  return { dir, ctx, id: session.id, branch: session.branch, worktree, which };
};
const idle = 'after: repeat\niterations:\n  - - message: Nothing to do.\n';

describe('commits on a detached HEAD of the worktree', () => {
  it('keep rm, archive and prune away until a branch has them', async () => {
    const { ctx, worktree, which, id } = await setUp(idle);
    await runOnce(ctx, id);
    const done = await sh(worktree, 'git switch -q --detach && echo x > mine.txt && git add . && git commit -qm mine');
    expect(done.exitCode).toBe(0);
    for (const put of [removeSession, archiveSession])
      await expect(put(ctx, which, { dryRun: false, unmerged: true })).rejects.toMatchObject({
        code: 'session.unmerged',
        message: expect.stringContaining('detached HEAD with 1 commit'),
      });
    expect(await planPruning(ctx)).toMatchObject({ items: [], kept: [{ why: 'commits on a detached HEAD' }] });
    expect(existsSync(join(worktree, 'mine.txt'))).toBe(true);
    await git(worktree, 'branch', 'saved');
    await removeSession(ctx, which, { dryRun: false });
    expect(existsSync(worktree)).toBe(false);
  });
});

describe('a session’s branch that is checked out elsewhere', () => {
  it('is not taken away from under that checkout', async () => {
    const { dir, ctx, which, branch, id } = await setUp(idle);
    await runOnce(ctx, id);
    await archiveSession(ctx, which, { dryRun: false });
    await git(dir, 'switch', '-q', branch);
    await expect(removeSession(ctx, which, { dryRun: false })).rejects.toMatchObject({
      code: 'branch.blocked',
      message: expect.stringContaining(dir),
    });
    expect(await planPruning(ctx)).toMatchObject({ items: [], kept: [{ why: expect.stringContaining(dir) }] });
    expect(await git(dir, 'status', '--porcelain')).toBe('');
    await git(dir, 'switch', '-q', 'main');
    await removeSession(ctx, which, { dryRun: false });
    expect(await git(dir, 'branch', '--list', 'amp/*')).toBe('');
  });
});

describe('a flush that failed', () => {
  it('is made up for by the next verb, whichever it is: commits stay reachable, notes arrive', async () => {
    const { dir, ctx, which, id, branch } = await setUp();
    const inTheWay = join(dir, '.git', 'refs', 'amp', 'code');
    writeFileSync(inTheWay, '');
    await expect(runOnce(ctx, id)).rejects.toMatchObject({ code: 'git.failed' });
    rmSync(inTheWay);
    const later = await contextIn(dir);
    await renameSession(later, which, { name: 'another', prompt: null });
    const { events } = await later.store.read(`sessions/${id}`);
    const folded = events.flatMap((event) =>
      event.type === 'agent-commit.folded' ? [(event.data as { commit: string }).commit] : [],
    );
    expect(folded).toHaveLength(1);
    await sh(dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect((await git(dir, 'cat-file', '-t', folded[0]!)).trim()).toBe('commit');
    expect(await git(dir, 'log', '-1', '--notes=amp', '--format=%N', branch)).toContain('iteration.finished');
  });

  it('does not hide what went wrong before it', async () => {
    const { dir, ctx, id } = await setUp(idle);
    writeFileSync(join(dir, '.git', 'refs', 'amp', 'code'), '');
    const wrong = withJournal(ctx, { id, name: id, command: 'test' }, async (journal) => {
      journal.keep([journal.session.head]);
      throw new Error('the first thing that went wrong');
    });
    await expect(wrong).rejects.toThrow('the first thing that went wrong');
  });
});

describe('a file that somebody wrote while the tests ran', () => {
  it('is in a commit that stays when the session is removed', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const command = script(idle);
    const test = 'echo "only copy" > mine.txt; echo changed >> a.txt';
    const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command }, test });
    await runOnce(ctx, session.id);
    expect(existsSync(join(worktree, 'mine.txt'))).toBe(true);
    await removeSession(ctx, await findSession(ctx, session.id, dir), { dryRun: false });
    expect(existsSync(worktree)).toBe(false);
    const kept = /commit ([0-9a-f]{12})\): (.*?) `amp-sessions restore /.exec(ctx.warnings.join('\n'));
    expect(kept?.[2]).toBe('a.txt, mine.txt.');
    await sh(dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(dir, 'show', `${kept![1]}:mine.txt`)).toBe('only copy');
    expect(await git(dir, 'show', `${kept![1]}:a.txt`)).toContain('changed');
  });
});
