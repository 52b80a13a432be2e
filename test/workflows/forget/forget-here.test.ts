import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { trustSession } from '../../../src/config/trust.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { isForgetPending } from '../../../src/store/forget/pending.ts';
import { withContext } from '../../../src/workflows/context.ts';
import { findSession } from '../../../src/workflows/find-session.ts';
import { findForgettable, foretellForget } from '../../../src/workflows/forget/forget.ts';
import { readSession, summaries } from '../../../src/workflows/summaries.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { git, makeRepo, sh, tempDir } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { forgetIn, placesOf, SECRET, secretSession } from './world.ts';

const NOTHING = { dryRun: true, unmerged: false, uncommitted: false, keepBranch: false };

describe.each(['sha1', 'sha256'] as const)('forget in a %s repository', (objectFormat) => {
  let dir = '';
  let first: Awaited<ReturnType<typeof secretSession>>;
  let other: Awaited<ReturnType<typeof secretSession>>;

  beforeAll(async () => {
    process.env['XDG_DATA_HOME'] = tempDir();
    dir = await makeRepo({ objectFormat });
    first = await secretSession(dir);
    other = await secretSession(dir, {
      name: 'other',
      prompt: 'Do it',
      agent: { name: 'command', mode: null, command: 'echo hi >> b.txt' },
    });
  });

  it('a dry run names all that would go, and changes nothing', async () => {
    const ctx = await contextIn(dir);
    await ctx.store.append(sessionLog(first.id), [{ type: 'prompt.replaced', by: 'user', data: { prompt: SECRET } }]);
    await ctx.store.appendTranscript(sessionLog(first.id), [{ iteration: 1, stream: 'stdout', line: SECRET }]);
    const before = await git(dir, 'for-each-ref');
    const which = await findForgettable(ctx, [first.branch, first.id], dir);
    const [item] = await foretellForget(ctx, which, { ...NOTHING, unmerged: true });
    const { writer } = ctx.store;
    expect(item).toMatchObject({
      session: first.id,
      refs: [`refs/amp/sessions/${first.id}/${writer}`, `refs/amp/code/${first.id}/${writer}`],
      notes: 1,
      worktree: first.worktree,
      branch: first.branch,
      unmergedCommits: 1,
      uncommitted: [],
    });
    expect(item!.files.sort()).toEqual([
      `amp/wal/sessions.${first.id}.${writer}.ndjson`,
      `amp/wal/sessions.${first.id}.${writer}.transcript.ndjson`,
    ]);
    expect(item!.bytes).toBeGreaterThan(500);
    expect(await git(dir, 'for-each-ref')).toBe(before);
  });

  it('refuses what would lose work, and names the flag', async () => {
    const ctx = await contextIn(dir);
    const which = [{ id: first.id, name: 'task' }];
    await expect(foretellForget(ctx, which, NOTHING)).rejects.toMatchObject({
      code: 'session.unmerged',
      hint: expect.stringContaining('--unmerged'),
    });
    writeFileSync(join(first.worktree, 'loose.txt'), 'x');
    await expect(forgetIn(dir, [first.id])).rejects.toMatchObject({
      code: 'session.dirty',
      hint: expect.stringContaining('--uncommitted'),
    });
    await git(first.worktree, 'clean', '-fdq');
    await git(first.worktree, 'switch', '-q', '--detach');
    await git(first.worktree, 'commit', '-q', '--allow-empty', '-m', 'apart');
    await expect(forgetIn(dir, [first.id])).rejects.toMatchObject({ code: 'session.unmerged' });
    await git(first.worktree, 'switch', '-q', first.branch);
    expect((await readSession(ctx, first.id)).exists).toBe(true);
    expect(await git(dir, 'for-each-ref', 'refs/amp/tombstones')).toBe('');
  });

  it('takes away every trace of it, and nothing of another', async () => {
    const ctx = await contextIn(dir);
    const trust = { root: ctx.repo.root, session: first.id, sha256: 'x' };
    await trustSession(trust, ctx.home);
    await summaries(ctx);
    const quarantine = join(dir, '.git', 'amp', 'quarantine');
    await sh(dir, `mkdir -p ${quarantine} && echo ${SECRET} > ${quarantine}/sessions.${first.id}.w.ndjson.1`);
    expect(await placesOf(dir, [SECRET])).not.toEqual([]);
    const { items, warnings } = await forgetIn(dir, [first.id], { unmerged: true });
    expect([items.map(({ session }) => session), warnings]).toEqual([[first.id], []]);
    expect(await placesOf(dir, [SECRET])).toEqual([]);
    expect([existsSync(first.worktree), await git(dir, 'branch', '--list', first.branch)]).toEqual([false, '']);
    expect((await sh(dir, `cat $XDG_DATA_HOME/*/trust.json`)).stdout).not.toContain(first.id);
    expect(readdirSync(join(dir, '.git', 'amp', 'locks')).filter((name) => name.includes(first.id))).toEqual([]);
    expect(isForgetPending(ctx.repo)).toBe(false);
    const again = await contextIn(dir);
    expect((await summaries(again)).map(({ id }) => id)).toEqual([other.id]);
    expect(await git(dir, 'notes', '--ref=amp', 'list')).not.toBe('');
    expect((await verify(again)).ok).toBe(true);
    expect((await sh(dir, 'git fsck --full --strict --no-dangling 2>&1')).exitCode).toBe(0);
  });

  it('the tombstone says who and when, and no more than the id', async () => {
    const ctx = await contextIn(dir);
    const ref = `refs/amp/tombstones/${ctx.store.writer}`;
    const [file] = (await git(dir, 'ls-tree', '--name-only', ref)).split('\n');
    const line = JSON.parse(await git(dir, 'show', `${ref}:${file}`));
    expect(line).toEqual({ kind: 'forgotten', session: first.id, at: expect.stringMatching(/^20\d\d-/) });
  });

  it('its id is known as forgotten, and nothing puts it back', async () => {
    const ctx = await contextIn(dir);
    await expect(findSession(ctx, first.id, dir)).rejects.toMatchObject({
      code: 'session.missing',
      message: expect.stringMatching(/was forgotten on \d{4}-\d\d-\d\d\.$/),
    });
    expect((await ctx.store.recoverLog(sessionLog(first.id))).warnings).toEqual([]);
    expect((await ctx.store.logs()).map(({ log }) => log)).toEqual([sessionLog(other.id)]);
  });

  it('with --keep-branch code and worktree stay, with what is uncommitted in them', async () => {
    writeFileSync(join(other.worktree, 'loose.txt'), 'x');
    await forgetIn(dir, [other.id], { keepBranch: true });
    expect(existsSync(join(other.worktree, 'loose.txt'))).toBe(true);
    expect(await git(dir, 'rev-list', '--count', `main..${other.branch}`)).toBe('1');
    await withContext({ dir }, async (ctx) => expect(await ctx.store.logs()).toEqual([]));
    expect((await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/notes')).split('\n')).toEqual([
      expect.stringMatching(/^refs\/amp\/tombstones\//),
      'refs/notes/amp',
    ]);
    expect(await git(dir, 'notes', '--ref=amp', 'list')).toBe('');
  });
});
