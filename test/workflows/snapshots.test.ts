import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findSession } from '../../src/workflows/find-session.ts';
import { preflight } from '../../src/workflows/landing/preflight.ts';
import { rebaseSession } from '../../src/workflows/landing/rebase.ts';
import { squashSession } from '../../src/workflows/landing/squash.ts';
import { archiveSession, removeSession } from '../../src/workflows/put-away.ts';
import { resumeSession } from '../../src/workflows/resume.ts';
import { sessionDiff } from '../../src/workflows/session-diff.ts';
import { listSnapshots, restoreSnapshot } from '../../src/workflows/snapshots/restore.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { rarely } from '../support/rarely.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make, runOnce, script } from '../support/sessions.ts';

const yaml = `
iterations:
  - - edit: { path: one.txt, content: "1\\n" }
    - message: One.
  - - edit: { path: two.txt, content: "2\\n" }
    - message: Two.
  - - edit: { path: three.txt, content: "3\\n" }
    - message: Three.
`;
const all = { paths: [], dryRun: false };

/** A session with one iteration, and a test run that leaves a file. */
const setUp = async (test: string | null = null) => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const agent = { name: 'scripted', mode: null, command: script(yaml) };
  const { session, worktree } = await make(ctx, { agent, test });
  const first = await runOnce(ctx, session.id);
  const which = await findSession(ctx, session.id, dir);
  const list = async () => (await listSnapshots(ctx, which)).snapshots;
  return { dir, ctx, id: session.id, worktree, which, first, list };
};
type World = Awaited<ReturnType<typeof setUp>>;
const at = ({ worktree }: World, path: string) => join(worktree, path);
const text = (world: World, path: string) => readFileSync(at(world, path), 'utf8');

describe('at the end of an iteration', () => {
  it('nothing is written when nothing is uncommitted', async () => {
    const { dir, first, list } = await setUp('true');
    expect(first.types).not.toContain('snapshot.taken');
    expect(await git(dir, 'for-each-ref', 'refs/amp/snapshots')).toBe('');
    expect(await list()).toEqual([]);
  });

  rarely('what a test run left is kept, and the same is not kept twice', async () => {
    const { ctx, id, first, list } = await setUp(
      'echo covered > cov.txt; test -f three.txt && echo more >> cov.txt; true',
    );
    expect(first.events.filter(({ type }) => type === 'snapshot.taken').map(({ data }) => data)).toMatchObject([
      { number: 1, reason: 'iteration', changes: 1, skipped: [] },
    ]);
    expect((await runOnce(ctx, id)).types).not.toContain('snapshot.taken');
    expect((await runOnce(ctx, id)).types).toContain('snapshot.taken');
    expect((await list()).map(({ number, reason, changes }) => [number, reason, changes])).toEqual([
      [2, 'iteration', 1],
      [1, 'iteration', 1],
    ]);
  });
});

describe('before something risky', () => {
  it('squash keeps what is uncommitted, and restore brings it back after it was lost', async () => {
    const world = await setUp();
    const { ctx, dir, which, worktree, list, id } = world;
    await runOnce(ctx, id);
    writeFileSync(at(world, 'mine.txt'), 'mine\n');
    await squashSession(ctx, which, { message: null, manual: 'keep', dryRun: false } as never);
    expect(await list()).toMatchObject([{ number: 1, reason: 'squash', changes: 1 }]);
    await sh(worktree, 'git clean -qffdx && git reset -q --hard');
    expect(existsSync(at(world, 'mine.txt'))).toBe(false);
    const dry = await restoreSnapshot(ctx, which, { ...all, dryRun: true });
    expect(dry).toMatchObject({ written: ['mine.txt'], dryRun: true, kept: null });
    expect(existsSync(at(world, 'mine.txt'))).toBe(false);
    expect(await restoreSnapshot(ctx, which, all)).toMatchObject({
      written: ['mine.txt'],
      removed: [],
      branchMoved: true,
      kept: null,
      recreated: false,
    });
    expect(text(world, 'mine.txt')).toBe('mine\n');
    expect(await git(dir, 'fsck', '--strict', '--no-dangling')).toBe('');
  });

  rarely('archive is told, keeps everything, and restore makes the worktree again', async () => {
    const world = await setUp();
    const { ctx, which, id, worktree } = world;
    writeFileSync(at(world, 'mine.txt'), 'mine\n');
    rmSync(at(world, 'b.txt'));
    await expect(archiveSession(ctx, which, { dryRun: false })).rejects.toMatchObject({ code: 'session.dirty' });
    await archiveSession(ctx, which, { dryRun: false, uncommitted: true });
    expect(ctx.warnings.join()).toMatch(/kept in snapshot 1 .*mine\.txt/);
    expect(ctx.warnings.join()).toContain(`\`amp-sessions restore ${id} --snapshot 1\``);
    expect(existsSync(worktree)).toBe(false);
    const back = await restoreSnapshot(ctx, which, all);
    expect(back).toMatchObject({ written: ['mine.txt'], removed: ['b.txt'], recreated: true });
    expect([text(world, 'mine.txt'), existsSync(at(world, 'b.txt'))]).toEqual(['mine\n', false]);
    expect(await readSession(ctx, id)).toMatchObject({ hasWorktree: true, archived: false, openRestore: null });
  });

  it('archive refuses what a snapshot cannot hold', async () => {
    const world = await setUp();
    writeFileSync(at(world, 'mine.txt'), 'mine\n');
    await sh(world.worktree, 'git init -q inner && touch inner/x && truncate -s 60M big');
    await expect(archiveSession(world.ctx, world.which, { dryRun: false, uncommitted: true })).rejects.toMatchObject({
      code: 'session.dirty',
      message: expect.stringMatching(/big \(too large\), inner/),
    });
    expect(text(world, 'mine.txt')).toBe('mine\n');
  });
});

describe('a session that was removed with uncommitted work', () => {
  let world: World;
  let tip: string;
  let branch: string;
  beforeAll(async () => {
    world = await setUp();
    const { ctx, which, dir } = world;
    branch = which.branch;
    tip = await git(dir, 'rev-parse', branch);
    writeFileSync(at(world, 'mine.txt'), 'mine\n');
    await removeSession(ctx, which, { dryRun: false, unmerged: true, uncommitted: true });
    expect(ctx.warnings.join()).toContain(`\`amp-sessions restore ${which.id} --snapshot 1\` brings it back`);
  });
  const fresh = async () => ({ ctx: await contextIn(world.dir), which: world.which });

  it('a dry run says what would come back, and brings nothing', async () => {
    const { ctx, which } = await fresh();
    const dry = await restoreSnapshot(ctx, which, { ...all, dryRun: true });
    expect(dry).toMatchObject({ written: ['mine.txt'], recreated: true, branchMoved: false });
    expect([existsSync(world.worktree), await git(world.dir, 'branch', '--list', 'amp/*')]).toEqual([false, '']);
  });

  rarely('what the snapshot has nothing of leaves it removed', async () => {
    const { ctx, which } = await fresh();
    for (const dryRun of [true, false])
      await expect(restoreSnapshot(ctx, which, { paths: ['nowhere'], dryRun })).rejects.toMatchObject({
        code: 'session.refused',
      });
    expect(await readSession(ctx, which.id)).toMatchObject({ removed: true, hasWorktree: false });
  });

  it('a branch that somebody made meanwhile under its name is left alone', async () => {
    const { ctx, which } = await fresh();
    await git(world.dir, 'branch', branch, 'main');
    for (const dryRun of [true, false])
      await expect(restoreSnapshot(ctx, which, { ...all, dryRun })).rejects.toMatchObject({ code: 'branch.blocked' });
    expect(await readSession(ctx, which.id)).toMatchObject({ removed: true });
    await git(world.dir, 'branch', '-D', branch);
  });

  rarely('restore makes branch and worktree again, and the session can go on', async () => {
    const { ctx, which } = await fresh();
    expect(await restoreSnapshot(ctx, which, all)).toMatchObject({ written: ['mine.txt'], recreated: true });
    expect(await git(world.dir, 'rev-parse', branch)).toBe(tip);
    expect([text(world, 'mine.txt'), text(world, 'one.txt')]).toEqual(['mine\n', '1\n']);
    expect(await git(world.worktree, 'status', '--short')).toBe('?? mine.txt');
    const back = { removed: false, archived: false, hasWorktree: true, hasBranch: true, openRestore: null };
    expect(await readSession(ctx, which.id)).toMatchObject(back);
    expect((await runOnce(ctx, which.id)).types).toContain('iteration.finished');
  });
});

describe('restore', () => {
  let world: World;
  beforeAll(async () => {
    world = await setUp();
    const { ctx, which } = world;
    writeFileSync(at(world, 'mine.txt'), 'first\n');
    writeFileSync(at(world, 'other.txt'), 'other\n');
    await restoreSnapshot(ctx, which, all).catch(() => {});
    await archiveSession(ctx, which, { dryRun: false, uncommitted: true });
    await restoreSnapshot(ctx, which, all);
  });
  // The store of a context is closed after each test.
  const fresh = async () => ({ ctx: await contextIn(world.dir), which: world.which });

  it('says that there is no such snapshot, or none at all', async () => {
    const { ctx, which } = await fresh();
    const refused = { code: 'session.refused', hint: expect.stringContaining('--list') };
    for (const snapshot of ['7', 'zz', 'abcdef1', '-1', '1.0'])
      await expect(restoreSnapshot(ctx, which, { ...all, snapshot })).rejects.toMatchObject(refused);
    await expect(restoreSnapshot(ctx, which, { ...all, paths: ['nowhere'] })).rejects.toMatchObject(refused);
  });

  rarely('keeps what is there now before it overwrites it, ignored files too', async () => {
    const { ctx, which } = await fresh();
    writeFileSync(at(world, '.gitignore'), 'mine.txt\n');
    writeFileSync(at(world, 'mine.txt'), 'second\n');
    const done = await restoreSnapshot(ctx, which, { ...all, snapshot: '1', paths: ['mine.txt'] });
    expect(done).toMatchObject({ written: ['mine.txt'], same: 0, snapshot: { number: 1 }, kept: 2 });
    expect([text(world, 'mine.txt'), text(world, 'other.txt')]).toEqual(['first\n', 'other\n']);
    const { commit } = (await world.list())[0]!;
    const again = await restoreSnapshot(ctx, which, { ...all, snapshot: commit.slice(0, 10), paths: ['mine.txt'] });
    expect(again).toMatchObject({ written: ['mine.txt'], snapshot: { number: 2 } });
    expect(text(world, 'mine.txt')).toBe('second\n');
  });

  it('refuses where a folder stands, and leaves it', async () => {
    const { ctx, which } = await fresh();
    await sh(world.worktree, 'rm other.txt && mkdir other.txt && echo x > other.txt/x');
    await expect(restoreSnapshot(ctx, which, { ...all, snapshot: '1' })).rejects.toMatchObject({
      code: 'worktree.blocked',
      message: expect.stringContaining('other.txt'),
    });
    await sh(world.worktree, 'rm -r other.txt');
  });

  rarely('is named by every verb that goes on from the branch of a worktree that somebody deleted', async () => {
    const { ctx, which } = await fresh();
    const told = () => ctx.warnings.splice(0).filter((text) => text.includes('is gone'));
    await sessionDiff(ctx, which.id, { part: 'all' });
    expect(told()).toEqual([]);
    await archiveSession(ctx, which, { dryRun: false, uncommitted: true });
    await sessionDiff(ctx, which.id, { part: 'all' });
    expect(told()).toEqual([]);
    await restoreSnapshot(ctx, which, all);
    await git(world.dir, 'clean', '-qffdx');
    const { number } = (await world.list())[0]!;
    const warning = expect.stringMatching(
      new RegExp(
        `snapshot ${number} has uncommitted work .*\\.gitignore.*\`amp-sessions restore ${which.id} --snapshot ${number}\``,
      ),
    );
    await sessionDiff(ctx, which.id, { part: 'all' });
    expect(told()).toEqual([warning]);
    const wish = { skipTests: true, interrupts: undefined };
    await preflight(ctx, which, wish);
    expect(told()).toEqual([warning]);
    await rebaseSession(ctx, which, { fetch: false });
    expect(told()).toEqual([warning]);
    await resumeSession(ctx, which, { newThread: false, dryRun: false });
    expect(told()).toEqual([warning]);
    await sessionDiff(ctx, which.id, { part: 'all' });
    expect(told()).toEqual([]);
  });

  it('is not named once an iteration has put on record what it had', async () => {
    const { ctx, which } = await fresh();
    await restoreSnapshot(ctx, which, all);
    await runOnce(ctx, which.id);
    await git(world.dir, 'clean', '-qffdx');
    ctx.warnings.splice(0);
    await sessionDiff(ctx, which.id, { part: 'all' });
    expect(ctx.warnings).toEqual([]);
    await resumeSession(ctx, which, { newThread: false, dryRun: false });
  });

  rarely('works after `git clean -ffdx` in the main checkout took the worktree away', async () => {
    const { ctx, which } = await fresh();
    await git(world.dir, 'clean', '-qffdx');
    expect(existsSync(world.worktree)).toBe(false);
    expect(await restoreSnapshot(ctx, which, { ...all, snapshot: '1', dryRun: true })).toMatchObject({
      recreated: true,
    });
    expect(await restoreSnapshot(ctx, which, { ...all, snapshot: '1' })).toMatchObject({
      written: ['mine.txt', 'other.txt'],
      recreated: true,
    });
    expect([text(world, 'one.txt'), text(world, 'other.txt')]).toEqual(['1\n', 'other\n']);
  });
});
