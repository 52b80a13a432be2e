import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Doctor, doctor } from '../../src/workflows/doctor.ts';
import { findSession } from '../../src/workflows/find-session.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { archiveSession } from '../../src/workflows/put-away.ts';
import { restoreSnapshot } from '../../src/workflows/snapshots/restore.ts';
import { readSession } from '../../src/workflows/summaries.ts';
import { worktreeOf } from '../../src/workflows/worktree-of.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { contextIn, make } from '../support/sessions.ts';

const SETUP = 'echo made > made.txt';
const about = ({ checks }: Doctor, name: string) => checks.filter((it) => it.name.startsWith(name));
const fix = async (dir: string) => {
  const heard: string[] = [];
  const { fixed, ok } = await doctor({ dir, fix: true, warn: (text) => heard.push(text) });
  return { fixed: fixed.join('\n'), ok, heard: heard.join('\n') };
};

/** Two sessions with something uncommitted each. */
let source: string;
let ids: string[];
beforeAll(async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  ids = [];
  for (const name of ['one', 'two']) {
    const { session, worktree } = await make(ctx, { name, setup: name === 'one' ? SETUP : null });
    writeFileSync(join(worktree, 'mine.txt'), `${name}\n`);
    writeFileSync(join(worktree, 'a.txt'), `${name} changed\n`);
    ids.push(session.id);
  }
  await ctx.store.close();
  source = dir;
});
/** The same repository somewhere else, as `mv` or `cp -a` make it. */
const elsewhere = (how: 'moved' | 'copied') => {
  const dir = join(tempDir('amp-moved-'), how);
  cpSync(source, dir, { recursive: true, verbatimSymlinks: true });
  if (how === 'copied') return { dir, away: source };
  const away = `${source}-away`;
  renameSync(source, away);
  return { dir, away };
};
const back = ({ away }: { away: string }) => {
  if (away !== source) renameSync(away, source);
};
const mine = (dir: string, at = 0) => readFileSync(join(dir, '.worktrees', ids[at]!, 'mine.txt'), 'utf8');
const status = (dir: string, at = 0) => git(join(dir, '.worktrees', ids[at]!), 'status', '--porcelain');
const CHANGED = ' M a.txt\n?? mine.txt';

describe.each(['moved', 'copied'] as const)('a repository that was %s', (how) => {
  it('says so, and doctor --fix links its worktrees again with all that is uncommitted', async () => {
    const there = elsewhere(how);
    try {
      const { dir } = there;
      const ctx = await contextIn(dir);
      await expect(worktreeOf(ctx, ids[0]!)).rejects.toMatchObject({
        code: 'worktree.blocked',
        hint: expect.stringContaining('doctor --fix'),
      });
      const found = await doctor({ dir, fix: false });
      expect(about(found, 'worktree links')).toMatchObject([{ status: 'warning', fixable: true }]);
      const mended = await fix(dir);
      expect(mended).toMatchObject({ ok: true, heard: '' });
      expect(mended.fixed).toContain('linked the worktree of one again');
      expect(await status(dir)).toBe(' M a.txt\n?? made.txt\n?? mine.txt');
      expect([await status(dir, 1), mine(dir), mine(dir, 1)]).toEqual([CHANGED, 'one\n', 'two\n']);
      expect(await worktreeOf(await contextIn(dir), ids[0]!)).toBe(join(dir, '.worktrees', ids[0]!));
      expect((await fix(dir)).fixed).not.toContain('linked');
    } finally {
      back(there);
    }
    // The other one still has its own.
    expect(await status(source, 1)).toBe(CHANGED);
  });
});

describe('git forgot the worktrees of a repository that was moved', () => {
  it('they are joined anew, and what is uncommitted is still there', async () => {
    const there = elsewhere('moved');
    try {
      const { dir } = there;
      await git(dir, 'worktree', 'prune');
      expect(existsSync(join(dir, '.git/worktrees'))).toBe(false);
      expect((await fix(dir)).fixed).toContain('linked the worktree of two again');
      expect(await status(dir, 1)).toBe(CHANGED);
      expect(await git(join(dir, '.worktrees', ids[1]!), 'symbolic-ref', '--short', 'HEAD')).toMatch(/^amp\/two\//);
    } finally {
      back(there);
    }
  });
});

describe('doctor --fix', () => {
  it('makes worktrees again, their set-up command runs with the next iteration, and a trouble stops no other', async () => {
    const there = elsewhere('copied');
    const { dir } = there;
    await fix(dir);
    const ctx = await contextIn(dir);
    const one = await findSession(ctx, ids[0], dir);
    await archiveSession(ctx, one, { dryRun: false, uncommitted: true });
    await restoreSnapshot(ctx, one, { paths: [], dryRun: false });
    await git(dir, 'clean', '-qffdx');
    writeFileSync(join(dir, '.worktrees'), 'a file in the way\n');
    const first = await fix(dir);
    expect(first.heard).toMatch(/one could not be put in order.*\n.*two could not be put in order/s);
    expect(first.fixed).toContain('cleared the cache');
    rmSync(join(dir, '.worktrees'));
    const second = await fix(dir);
    expect(second.heard).toBe('');
    expect(second.fixed).toContain(
      `made the worktree of one again: ${join(dir, '.worktrees', ids[0]!)}; what was uncommitted: amp-sessions restore`,
    );
    expect(await readSession(await contextIn(dir), ids[0]!)).toMatchObject({
      hasWorktree: true,
      setupExitCode: undefined,
    });
    expect(await restoreSnapshot(ctx, one, { paths: [], dryRun: false })).toMatchObject({
      recreated: false,
      written: ['a.txt', 'made.txt', 'mine.txt'],
    });
    expect(mine(dir)).toBe('one\n');
  });

  it('takes no worktree from another repository, and follows no link', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session, worktree } = await make(ctx);
    const foreign = await makeRepo();
    await git(foreign, 'worktree', 'add', '-q', join(foreign, 'w'));
    await sh(
      dir,
      `rm -rf '${worktree}' && mv '${foreign}/w' '${worktree}' && git -C '${foreign}' worktree repair '${worktree}'`,
    );
    expect((await fix(dir)).heard).toContain('belongs to another repository');
    await sh(dir, `rm -rf '${worktree}' && ln -s '${foreign}' '${worktree}'`);
    const before = await git(foreign, 'status', '--porcelain');
    expect((await fix(dir)).heard).toContain('symbolic link');
    expect([await git(foreign, 'status', '--porcelain'), basename(worktree)]).toEqual([before, session.id]);
  });

  it('tells of a restore whose process died', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session } = await make(ctx);
    const what = { number: 1, commit: session.head };
    await withJournal(ctx, { id: session.id, name: 'task', command: 'test' }, async (journal) => {
      const data = { ...what, files: 1, removed: 0, kept: null };
      await journal.record([{ type: 'snapshot-restore.started', by: 'user', data }]);
    });
    const found = await doctor({ dir, fix: false });
    expect(about(found, 'restores')).toMatchObject([{ status: 'warning', hint: expect.stringContaining('restore') }]);
  });
});
