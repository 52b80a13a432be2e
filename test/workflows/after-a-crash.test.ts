import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitWorktree } from '../../src/git/commits.ts';
import { sessionWorktree } from '../../src/git/locate.ts';
import { moveRef } from '../../src/git/refs.ts';
import { addWorktree } from '../../src/git/worktrees.ts';
import { iterationMessage } from '../../src/workflows/commit-message.ts';
import type { Context } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { type Journal, withJournal } from '../../src/workflows/journal.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { readSession, summaries } from '../../src/workflows/summaries.ts';
import { created } from '../support/events.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const WORK = 'after: repeat\niterations:\n  - - run: echo work >> work.txt\n    - message: Worked.\n';
const agent = () => ({ name: 'scripted', mode: null, command: script(WORK) });
const GO = { dryRun: false };

/** Goes as far as `work` goes, as a process does that dies then. */
const upTo = (ctx: Context, id: string, work: (journal: Journal) => Promise<unknown>) =>
  withJournal(ctx, { id, name: id, command: 'iterate' }, async (journal) => void (await work(journal)));

const start = (journal: Journal) =>
  journal.decide({
    do: 'startIteration',
    data: {
      prompt: null,
      reason: 'prompt',
      head: journal.session.head,
      agent: { name: 'scripted', mode: null, version: null, threadId: null },
      timeoutMs: null,
      stopStrength: 'group',
    },
  });
const said = (journal: Journal, text: string) =>
  journal.record([{ type: 'agent-message.received', by: 'agent', data: { iteration: 1, text } }]);

const setUp = async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const { session, worktree } = await make(ctx, { agent: agent() });
  const which = await findSession(ctx, session.id, dir);
  const subjects = () => git(dir, 'log', '--reverse', '--format=%s', `main..${session.branch}`);
  return { dir, ctx, id: session.id, branch: session.branch, worktree, which, subjects };
};
const dataOf = (run: Awaited<ReturnType<typeof runOnce>>, type: string) =>
  run.events.filter((event) => event.type === type).map(({ data }) => data);

describe('given that `new` died', () => {
  const born = async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const id = ctx.clock.newId();
    const branch = 'amp/half/20261122-130000';
    const baseCommit = await git(dir, 'rev-parse', 'main');
    const data = created({ branch, baseCommit, worktree: `.worktrees/${id}`, agent: agent(), test: null });
    await upTo(ctx, id, (journal) => journal.decide({ do: 'create', data }));
    return { dir, ctx, id, branch, baseCommit, path: join(dir, '.worktrees', id) };
  };
  it.each(['the record', 'the branch', 'the worktree'])('after %s: iterate builds the rest', async (last) => {
    const { dir, ctx, id, branch, baseCommit, path } = await born();
    if (last === 'the branch') await moveRef(ctx.repo, `refs/heads/${branch}`, { to: baseCommit, from: null });
    if (last === 'the worktree') await addWorktree(ctx.repo, { path, branch, commit: baseCommit });
    expect(await summaries(ctx)).toMatchObject([{ state: 'new', hasWorktree: false }]);
    const run = await runOnce(ctx, id);
    expect(dataOf(run, 'worktree.added')).toMatchObject([{ reason: 'repair', commit: baseCommit, branch }]);
    expect(run.iteration).toMatchObject({ iteration: 1, outcome: 'completed', files: 1 });
    expect(await git(dir, 'log', '--format=%s', `main..${branch}`)).toBe('amp: Worked.');
    expect(await git(dir, 'status', '--porcelain')).toBe('');
  });
  it.each(['the record', 'the branch', 'the worktree'])('after %s: rm takes away what there is', async (last) => {
    const { dir, ctx, id, branch, baseCommit, path } = await born();
    if (last !== 'the record') await moveRef(ctx.repo, `refs/heads/${branch}`, { to: baseCommit, from: null });
    if (last === 'the worktree') await addWorktree(ctx.repo, { path, branch, commit: baseCommit });
    await removeSession(ctx, await findSession(ctx, id, dir), GO);
    expect([existsSync(path), await git(dir, 'branch', '--list', 'amp/*')]).toEqual([false, '']);
    expect(await readSession(ctx, id)).toMatchObject({ removed: true, hasWorktree: false, hasBranch: false });
  });
});

describe('given that `iterate` died', () => {
  it('before the agent did anything: the iteration is interrupted, without a commit', async () => {
    const { ctx, id, subjects } = await setUp();
    await upTo(ctx, id, start);
    expect(await summaries(ctx)).toMatchObject([{ state: 'idle', iterations: 1 }]);
    const run = await runOnce(ctx, id);
    const [recovered, own] = dataOf(run, 'iteration.finished');
    expect(recovered).toMatchObject({ iteration: 1, outcome: 'interrupted', recovered: true, files: 0, durationMs: 0 });
    expect(recovered).not.toHaveProperty('commit');
    expect(own).toMatchObject({ iteration: 2, outcome: 'completed', recovered: false });
    expect(run.iteration.prompt).toBe('Do the task');
    expect(ctx.warnings.join()).toMatch(/Iteration 1 of task never ended/);
    expect(await subjects()).toBe('amp: Worked.');
  });

  it('while the agent worked: what it left is one interrupted commit, in its last words', async () => {
    const { dir, ctx, id, branch, worktree, subjects } = await setUp();
    await upTo(ctx, id, async (journal) => {
      await start(journal);
      await said(journal, 'Halfway there.');
      writeFileSync(join(worktree, 'half.txt'), 'half\n');
    });
    const run = await runOnce(ctx, id);
    expect(await subjects()).toBe('amp: Halfway there.\namp: Worked.');
    expect(dataOf(run, 'iteration.finished')[0]).toMatchObject({ outcome: 'interrupted', files: 1, insertions: 1 });
    expect(run.types).not.toContain('manual-commit.found');
    const trailers = '%(trailers:key=Amp-Iteration,valueonly,separator=%x20)';
    expect(await git(dir, 'log', '--reverse', `--format=${trailers}`, `main..${branch}`)).toBe('1\n2');
  });

  it('while the agent made commits of its own: they are folded and stay reachable', async () => {
    const { dir, ctx, id, worktree, subjects } = await setUp();
    let own = '';
    await upTo(ctx, id, async (journal) => {
      await start(journal);
      await sh(worktree, 'echo own > own.txt && git add -A && git commit -q -m "own commit"');
      own = await git(worktree, 'rev-parse', 'HEAD');
    });
    const run = await runOnce(ctx, id);
    expect(dataOf(run, 'agent-commit.folded')).toEqual([{ iteration: 1, commit: own, subject: 'own commit' }]);
    expect(await subjects()).toBe('amp: Do the task\namp: Worked.');
    await sh(dir, 'git reflog expire --expire=now --all && git gc -q --prune=now');
    expect(await git(dir, 'cat-file', '-t', own)).toBe('commit');
  });

  it('between the commit and its record: the commit is found again, not made twice', async () => {
    const { dir, ctx, id, branch, worktree, subjects } = await setUp();
    let made = '';
    await upTo(ctx, id, async (journal) => {
      await start(journal);
      await said(journal, 'All done.');
      writeFileSync(join(worktree, 'done.txt'), 'done\n');
      const wt = await sessionWorktree(ctx.repo, worktree);
      const message = iterationMessage(journal.session, 1, 'amp: All done.', 'All done.');
      const options = { branch, parent: journal.session.head, message, leaveOut: [] };
      made = (await commitWorktree(ctx.repo, wt, options))!.commit;
    });
    const run = await runOnce(ctx, id);
    expect(dataOf(run, 'iteration.finished')[0]).toMatchObject({ commit: made, outcome: 'interrupted', files: 1 });
    expect(run.types).not.toContain('agent-commit.folded');
    expect(run.types).not.toContain('manual-commit.found');
    expect(await subjects()).toBe('amp: All done.\namp: Worked.');
    expect(await git(dir, 'notes', '--ref=amp', 'show', made)).toContain('"recovered":true');
  });

  it('and somebody deleted the worktree since: it is made again, the iteration ends, nothing is invented', async () => {
    const { ctx, id, worktree, subjects } = await setUp();
    await upTo(ctx, id, async (journal) => {
      await start(journal);
      writeFileSync(join(worktree, 'half.txt'), 'half\n');
    });
    rmSync(worktree, { recursive: true });
    const run = await runOnce(ctx, id);
    expect(run.types.slice(0, 3)).toEqual(['worktree.added', 'iteration.finished', 'iteration.started']);
    expect(run.session.iterations).toMatchObject([{ outcome: 'interrupted', commit: null }, { outcome: 'completed' }]);
    expect(await subjects()).toBe('amp: Worked.');
  });

  it('and the next verb is archive: the work is committed before the worktree goes', async () => {
    const { dir, ctx, id, branch, worktree, which } = await setUp();
    await upTo(ctx, id, async (journal) => {
      await start(journal);
      writeFileSync(join(worktree, 'half.txt'), 'half\n');
    });
    await archiveSession(ctx, which, GO);
    expect(await git(dir, 'show', `${branch}:half.txt`)).toBe('half');
    expect(await readSession(ctx, id)).toMatchObject({ archived: true, iterations: [{ outcome: 'interrupted' }] });
  });
});

describe('given that `rm` died', () => {
  const begun = async (world: (place: { dir: string; worktree: string; branch: string }) => Promise<unknown>) => {
    const made = await setUp();
    const { dir, ctx, id, worktree, branch } = made;
    const commit = await git(dir, 'rev-parse', branch);
    await upTo(ctx, id, async (journal) => {
      const found = { uncommitted: [], unmergedCommits: 0, branchCommit: commit };
      const started = await journal.decide({ do: 'remove', found, anyway: false });
      expect(started.map(({ type }) => type)).toEqual(['worktree-removal.started', 'branch-removal.started']);
      await world({ dir, worktree, branch });
    });
    return made;
  };
  const drop = ({ dir, worktree }: { dir: string; worktree: string }) =>
    git(dir, 'worktree', 'remove', '--force', worktree);
  it.each([
    ['at once', async () => {}],
    ['with the worktree half gone', async ({ worktree }) => rmSync(join(worktree, '.git'))],
    ['without the worktree', drop],
    [
      'without worktree and branch',
      async (place) => drop(place).then(() => git(place.dir, 'branch', '-q', '-D', place.branch)),
    ],
  ] as [string, (place: { dir: string; worktree: string; branch: string }) => Promise<unknown>][])(
    '%s: a second one finishes',
    async (how, world) => {
      const { dir, ctx, id, worktree, which } = await begun(world);
      if (how === 'with the worktree half gone') {
        // What is left may be anything: it is for a person to look at.
        await expect(removeSession(ctx, which, GO)).rejects.toMatchObject({ code: 'worktree.blocked' });
        rmSync(worktree, { recursive: true });
      }
      await removeSession(ctx, which, GO);
      expect([existsSync(worktree), await git(dir, 'branch', '--list', 'amp/*')]).toEqual([false, '']);
      expect(await readSession(ctx, id)).toMatchObject({ removed: true, hasWorktree: false });
      expect(await git(dir, 'worktree', 'list', '--porcelain')).not.toContain('.worktrees');
    },
  );
});
