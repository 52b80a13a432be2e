import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/process/lock.ts';
import type { Context } from '../../src/workflows/context.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { lockPath, withJournal } from '../../src/workflows/journal.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { timeline } from '../../src/workflows/timeline.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, script } from '../support/sessions.ts';

const DRY = { dryRun: true };
const setUp = async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const agent = { name: 'scripted', mode: null, command: script('iterations:\n  - - message: Nothing.\n') };
  const { session, worktree } = await make(ctx, { agent });
  return { dir, ctx, id: session.id, branch: session.branch, worktree, which: await findSession(ctx, session.id, dir) };
};

/** An iteration begins, and its process dies once the agent has done something. */
const die = (ctx: Context, id: string, work: () => unknown) =>
  withJournal(ctx, { id, name: id, command: 'iterate' }, async (journal) => {
    const agent = { name: 'scripted', mode: null, version: null, threadId: null };
    const data = { prompt: null, reason: 'prompt' as const, head: journal.session.head, agent, timeoutMs: null };
    await journal.decide({ do: 'startIteration', data: { ...data, stopStrength: 'group' } });
    await work();
  });

/** Everything that a dry run could have changed. */
const everything = async (dir: string, ctx: Context, id: string) => [
  await git(dir, 'for-each-ref'),
  (await timeline(ctx, id)).events.map(({ type }) => type),
  await sh(join(dir, '.worktrees', id), 'git status --porcelain'),
  readdirSync(join(dir, '.git', 'amp', 'locks')),
];

describe('a dry run on a session whose process died', () => {
  const verbs = [
    ['rm', removeSession],
    ['archive', archiveSession],
  ] as const;

  it.each(verbs)('%s: puts nothing in order and says what would be done', async (verb, work) => {
    const { dir, ctx, id, branch, worktree, which } = await setUp();
    await die(ctx, id, () => writeFileSync(join(worktree, 'half.txt'), 'half\n'));
    const before = await everything(dir, ctx, id);
    const told = work(ctx, which, { ...DRY, unmerged: true });
    expect(await told).toMatchObject({
      dryRun: true,
      worktree,
      branch: verb === 'rm' ? branch : null,
      unmergedCommits: 1,
    });
    expect(ctx.warnings.join()).toMatch(
      /Iteration 1 of task never ended: .* would be committed as interrupted: half\.txt\./,
    );
    expect(await everything(dir, ctx, id)).toEqual(before);
  });

  it('rm refuses what it would refuse then: the commit that the work would become', async () => {
    const { dir, ctx, id, worktree, which } = await setUp();
    await die(ctx, id, () => writeFileSync(join(worktree, 'half.txt'), 'half\n'));
    const before = await everything(dir, ctx, id);
    await expect(removeSession(ctx, which, DRY)).rejects.toMatchObject({ code: 'session.unmerged' });
    expect(await everything(dir, ctx, id)).toEqual(before);
    await expect(removeSession(ctx, which, { dryRun: false })).rejects.toMatchObject({ code: 'session.unmerged' });
  });

  it('agent commits that would be folded are one commit', async () => {
    const { ctx, id, worktree, which } = await setUp();
    await die(ctx, id, () =>
      sh(worktree, 'for i in 1 2; do echo $i > own && git add own && git commit -q -m own; done'),
    );
    await expect(removeSession(ctx, which, DRY)).rejects.toMatchObject({ code: 'session.unmerged' });
    expect(ctx.warnings.join()).toContain('Its own commits would be folded into one.');
  });

  it('an agent that did nothing leaves nothing', async () => {
    const { ctx, id, worktree, which } = await setUp();
    await die(ctx, id, () => {});
    expect(await removeSession(ctx, which, DRY)).toMatchObject({ unmergedCommits: 0 });
    expect(ctx.warnings.join()).toContain('It left nothing.');
    expect(existsSync(worktree)).toBe(true);
  });
});

describe('a dry run on a session that somebody holds', () => {
  it('says who, as the real one does', async () => {
    const { ctx, id, which } = await setUp();
    const lock = await acquireLock(lockPath(ctx, id), { command: 'iterate' });
    try {
      await expect(removeSession(ctx, which, DRY)).rejects.toMatchObject({ code: 'session.busy' });
    } finally {
      lock.release();
    }
    expect(await archiveSession(ctx, which, DRY)).toMatchObject({ dryRun: true });
  });
});
