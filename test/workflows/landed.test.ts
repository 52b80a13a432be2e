import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../src/events/catalogue.ts';
import { refsContaining } from '../../src/git/containers.ts';
import type { Context } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { rebaseSession } from '../../src/workflows/landing/rebase.ts';
import { planPruning, prune } from '../../src/workflows/prune.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { timeline } from '../../src/workflows/timeline.ts';
import { ID } from '../support/events.ts';
import { rarely } from '../support/rarely.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = `
iterations:
  - - edit: { path: a.txt, replace: "two\\n", with: "zwei\\n" }
    - message: Translated.
  - - edit: { path: b.txt, content: "bye\\n" }
    - message: Said bye.
  - - edit: { path: c.txt, content: "more\\n" }
    - message: More.
`;
const GO = { dryRun: false };

/** A session with two iterations, and one commit upstream since. */
const setUp = async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, { agent: { name: 'scripted', mode: null, command: script(WORK) } });
  await runOnce(ctx, session.id);
  await runOnce(ctx, session.id);
  await sh(dir, 'echo up > up.txt && git add up.txt && git commit -q -m upstream');
  const which = await findSession(ctx, session.id, dir);
  return { dir, ctx, id: session.id, branch: session.branch, base: session.baseCommit, worktree, which };
};

const record = (ctx: Context, id: string, drafts: Draft[]) =>
  withJournal(ctx, { id, name: id, command: 'test' }, async (journal) => void (await journal.record(drafts)));

const squashOnto = (dir: string, target: string, branch: string) =>
  sh(dir, `git switch -q ${target} && git merge -q --squash '${branch}' && git commit -q -m 'Squashed (#1)'`);

const pick = (dir: string, range: string) => sh(dir, `git cherry-pick ${range}`);

/** A bare remote whose main goes its own way; the local main stays behind. */
const withRemote = async (dir: string) => {
  const bare = join(tempDir('amp-up-'), 'up.git');
  await git(dir, 'clone', '-q', '--bare', dir, bare);
  await git(dir, 'remote', 'add', 'origin', bare);
  return bare;
};

describe('work that is in another branch already', () => {
  type Made = Awaited<ReturnType<typeof setUp>>;
  const ways: [string, string, string, (made: Made) => Promise<unknown>][] = [
    ['by a merge', 'merged', 'main', ({ dir, branch }) => git(dir, 'merge', '-q', '--no-edit', branch)],
    ['by a squash', 'squash-merged', 'main', ({ dir, branch }) => squashOnto(dir, 'main', branch)],
    ['by a rebase', 'rebased', 'main', ({ dir, branch, base }) => pick(dir, `${base}..${branch}`)],
    [
      'by hand, in other pieces',
      'same-content',
      'main',
      async ({ dir, branch }) => {
        await sh(dir, `git checkout -q ${branch} -- a.txt && echo x > x.txt && git add -A && git commit -q -m part`);
        await sh(dir, `git checkout -q ${branch} -- b.txt && echo y > y.txt && git add -A && git commit -q -m rest`);
      },
    ],
    [
      'at the remote, where the local branch is behind',
      'squash-merged',
      'origin/main',
      async ({ dir, branch }) => {
        await withRemote(dir);
        await git(dir, 'switch', '-q', '-c', 'there');
        await squashOnto(dir, 'there', branch);
        await sh(dir, 'git push -q origin there:main && git switch -q main && git branch -q -D there && git fetch -q');
      },
    ],
    [
      'in the branch that the record names',
      'squash-merged',
      'release',
      async ({ dir, ctx, id, branch, base }) => {
        await git(dir, 'branch', 'release', base);
        await sh(dir, 'git switch -q release && echo r > r.txt && git add -A && git commit -q -m r');
        await squashOnto(dir, 'release', branch);
        await git(dir, 'switch', '-q', 'main');
        const commit = await git(dir, 'rev-parse', branch);
        const done = { operation: 1, commit, durationMs: 1, recovered: false };
        const data = { ...done, target: 'refs/heads/release', mergeCommit: await git(dir, 'rev-parse', 'release') };
        await record(ctx, id, [{ type: 'merge.finished', by: 'program', data }]);
      },
    ],
    [
      'in the branch that its pull request was for',
      'rebased',
      'origin/next',
      async ({ dir, ctx, id, branch, base }) => {
        await withRemote(dir);
        await git(dir, 'switch', '-q', '-c', 'next');
        await pick(dir, `${base}..${branch}`);
        await sh(dir, 'git push -q origin next && git switch -q main && git branch -q -D next && git fetch -q');
        const opened = { opened: true, host: 'github' as const, remote: 'origin', branch, base: 'next', title: 't' };
        const data = { ...opened, url: 'https://github.com/a/b/pull/1', commit: await git(dir, 'rev-parse', branch) };
        await record(ctx, id, [{ type: 'pull-request.opened', by: 'program', data }]);
      },
    ],
  ];
  it.each(ways)('%s: `%s`, and nothing is lost without the session', async (_, how, into, land) => {
    const made = await setUp();
    const { dir, ctx, id, branch, worktree, which } = made;
    const tip = await git(dir, 'rev-parse', branch);
    await land(made);
    const { items, kept } = await planPruning(ctx);
    expect(items).toMatchObject([{ session: id, reason: how, into, worktree, branch }]);
    expect(kept).toEqual([]);
    const foretold = await removeSession(ctx, which, { dryRun: true });
    expect(foretold).toMatchObject({ landed: { how, into }, unmergedCommits: 0, dryRun: true });
    expect(existsSync(worktree)).toBe(true);
    expect(await prune(ctx, items)).toHaveLength(1);
    expect([existsSync(worktree), await git(dir, 'branch', '--list', 'amp/*')]).toEqual([false, '']);
    expect((await timeline(ctx, id)).session).toMatchObject({ removed: true });
    await sh(dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(dir, 'cat-file', '-t', tip)).toBe('commit');
  });
});

describe('work that is not, or not all of it', () => {
  const stays = async (ctx: Context, why: string | RegExp) => {
    const { items, kept } = await planPruning(ctx);
    expect(items).toEqual([]);
    expect(kept).toMatchObject([{ why: typeof why === 'string' ? why : expect.stringMatching(why) }]);
  };

  it('one commit of two was picked: it stays', async () => {
    const { dir, ctx, branch, base, which } = await setUp();
    await pick(dir, await git(dir, 'rev-parse', `${branch}~1`));
    expect(await git(dir, 'merge-base', 'main', branch)).toBe(base);
    await stays(ctx, '2 unmerged commits');
    await expect(removeSession(ctx, which, GO)).rejects.toMatchObject({ code: 'session.unmerged' });
  });

  rarely('an iteration came after the squash: it stays', async () => {
    const { dir, ctx, id, branch, which } = await setUp();
    await squashOnto(dir, 'main', branch);
    await runOnce(ctx, id);
    await stays(ctx, '3 unmerged commits');
    await expect(removeSession(ctx, which, GO)).rejects.toMatchObject({ code: 'session.unmerged' });
  });

  it('the record says merged, and the branch does not have it any more: it stays', async () => {
    const { dir, ctx, id, branch } = await setUp();
    const commit = await git(dir, 'rev-parse', branch);
    const data = {
      operation: 1,
      commit,
      durationMs: 1,
      recovered: false,
      target: 'refs/heads/main',
      mergeCommit: commit,
    };
    await record(ctx, id, [{ type: 'merge.finished', by: 'program', data }]);
    await stays(ctx, '2 unmerged commits');
  });

  rarely('pushed is not merged, and yet nothing that rm would lose', async () => {
    const { dir, ctx, branch, which } = await setUp();
    await withRemote(dir);
    await git(dir, 'push', '-q', 'origin', branch);
    await stays(ctx, 'pushed to origin, and merged nowhere');
    expect(await removeSession(ctx, which, GO)).toMatchObject({ landed: null, unmergedCommits: 0 });
  });

  it('uncommitted work is refused, however merged the rest is', async () => {
    const { dir, ctx, branch, worktree, which } = await setUp();
    await squashOnto(dir, 'main', branch);
    writeFileSync(join(worktree, 'precious.txt'), 'only copy\n');
    await stays(ctx, 'uncommitted work: precious.txt');
    for (const verb of [removeSession, archiveSession])
      await expect(verb(ctx, which, GO)).rejects.toMatchObject({ code: 'session.dirty' });
  });

  rarely('a branch that is back at its beginning has not changed nothing', async () => {
    const { ctx, worktree, base } = await setUp();
    await git(worktree, 'reset', '-q', '--hard', base);
    await stays(ctx, 'its branch is back at its beginning');
  });

  it('a branch that somebody removed is said to be gone', async () => {
    const { dir, ctx, id, branch, worktree } = await setUp();
    await git(dir, 'worktree', 'remove', '--force', worktree);
    await git(dir, 'branch', '-q', '-D', branch);
    const { items } = await planPruning(ctx);
    expect(items).toMatchObject([{ session: id, reason: 'gone', into: null, worktree: null, branch: null, bytes: 0 }]);
  });
});

describe('what has not ended', () => {
  it('a rebase in conflict is not pruned, archived or removed, whatever is said', async () => {
    const { dir, ctx, branch, worktree, which } = await setUp();
    await sh(dir, 'sed -i.bak s/two/dos/ a.txt && git commit -q -am spanish');
    await rebaseSession(ctx, which, { onto: 'main', fetch: false });
    expect((await readSession(ctx, which.id)).conflict).toMatchObject({ conflicts: [{ path: 'a.txt' }] });
    await git(dir, 'branch', 'copy', branch);
    expect((await planPruning(ctx)).kept).toMatchObject([{ why: 'a rebase of it waits: conflict in a.txt' }]);
    const refused = {
      code: 'landing.conflict',
      message: expect.stringContaining('onto main waits'),
      hint: expect.stringContaining('--abort'),
    };
    await expect(archiveSession(ctx, which, GO)).rejects.toMatchObject(refused);
    await expect(removeSession(ctx, which, { dryRun: false, unmerged: true })).rejects.toMatchObject(refused);
    await expect(removeSession(ctx, which, { dryRun: true, unmerged: true })).rejects.toMatchObject(refused);
    expect(existsSync(worktree)).toBe(true);
  });

  rarely(
    'an operation that a dead process began is put in order by rm, and only told of by a dry run and prune',
    async () => {
      const { dir, ctx, id, branch, base, which } = await setUp();
      const tip = await git(dir, 'rev-parse', branch);
      const moves = [{ ref: `refs/heads/${branch}`, from: tip, to: base, worktree: null, shows: null }];
      const data = { operation: 1, moves, iteration: 0, baseCommit: base };
      await record(ctx, id, [{ type: 'rewind.started', by: 'user', data }]);
      await squashOnto(dir, 'main', branch);
      expect((await planPruning(ctx)).kept).toMatchObject([{ why: 'a rewind of it never ended' }]);
      const before = (await timeline(ctx, id)).events.length;
      expect(await removeSession(ctx, which, { dryRun: true })).toMatchObject({ landed: { how: 'squash-merged' } });
      expect(ctx.warnings.join()).toContain('The rewind of task never ended');
      expect((await timeline(ctx, id)).events).toHaveLength(before);
      await removeSession(ctx, which, GO);
      expect((await timeline(ctx, id)).events.map(({ type }) => type)).toContain('operation.abandoned');
      expect(await readSession(ctx, id)).toMatchObject({ removed: true, openOperation: null });
    },
  );
});

describe('refs that contain a commit', () => {
  it('are branches, copies of remotes, and tags', async () => {
    const dir = await makeRepo();
    const { repo } = await contextIn(dir);
    const first = await git(dir, 'rev-parse', 'HEAD');
    await withRemote(dir);
    await sh(dir, 'git fetch -q && git tag v1 && echo x > x && git add x && git commit -q -m x');
    expect(await refsContaining(repo, first)).toEqual(['refs/heads/main', 'refs/remotes/origin/main', 'refs/tags/v1']);
    expect(await refsContaining(repo, await git(dir, 'rev-parse', 'HEAD'))).toEqual(['refs/heads/main']);
    await expect(refsContaining(repo, 'main')).rejects.toMatchObject({ code: 'ref.missing' });
    await expect(refsContaining(repo, ID('e'))).rejects.toMatchObject({ code: 'git.failed' });
  });
});
