import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sessionLog } from '../../../src/events/envelope.ts';
import { acquireLock } from '../../../src/process/lock.ts';
import { lockPath } from '../../../src/workflows/journal.ts';
import { syncStatus } from '../../../src/workflows/sync/status.ts';
import { syncError } from '../../../src/workflows/sync/sync.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { exec, git } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';
import { cloneOf, hookOf, notesIn, refsIn, syncIn, twoClones, type World, workIn } from '../sync/world.ts';
import { forgetIn, placesOf, SECRET, secretSession } from './world.ts';

const OF = ['refs/amp/sessions', 'refs/amp/code'];
const sessionsIn = async (dir: string): Promise<string[]> => {
  const refs = (await Promise.all(OF.map((prefix) => refsIn(dir, prefix)))).flatMap((found) => Object.keys(found));
  return [...new Set(refs.map((ref) => ref.split('/')[3]!))].sort();
};

/** What a bare remote has, whatever leads to it. */
const inRemote = async (up: string): Promise<string[]> => {
  const ids = (
    await exec(up, 'sh', ['-c', 'git rev-list --objects --all | cut -d" " -f1 | git cat-file --batch | strings'])
  ).stdout;
  return ids.includes(SECRET) ? [up] : [];
};

describe('a session that was forgotten in one clone', () => {
  let world: World;
  let away = '';
  let kept = '';
  let gone: Awaited<ReturnType<typeof secretSession>>;

  beforeAll(async () => {
    world = await twoClones();
    gone = await secretSession(world.a);
    kept = await workIn(world.a, 'kept');
    await syncIn(world.a);
    away = await cloneOf(world.up);
    for (const dir of [world.b, away]) await syncIn(dir);
    // The clone that is away has worked on it since, and on something of its own.
    const ctx = await contextIn(away);
    await ctx.store.append(sessionLog(gone.id), [{ type: 'prompt.replaced', by: 'user', data: { prompt: SECRET } }]);
    await workIn(away, 'own');
  });

  it('a dry run of sync says what would go at the remote', async () => {
    await forgetIn(world.a, [gone.id]);
    expect(await placesOf(world.a, [SECRET])).toEqual([]);
    const before = await refsIn(world.up);
    const planned = await syncIn(world.a, { dryRun: true });
    expect(planned.deleted.map((ref) => ref.split('/').slice(2, 4).join('/')).sort()).toEqual([
      `code/${gone.id}`,
      `sessions/${gone.id}`,
    ]);
    expect(planned.pushed).toEqual([expect.stringContaining('refs/amp/tombstones/')]);
    expect([await refsIn(world.up), planned.fetched]).toEqual([before, []]);
    const ctx = await contextIn(world.a);
    const { remotes } = await syncStatus(ctx, { directory: world.a, historyOnly: false });
    expect(remotes[0]).toMatchObject({ behind: { refs: 0 }, refused: [] });
  });

  it('is gone at the remote with the next sync: refs, notes and what led to them', async () => {
    const answer = await syncIn(world.a);
    expect([answer.refused, answer.forgotten, answer.deleted.length]).toEqual([[], [], 2]);
    expect(await sessionsIn(world.up)).toEqual([kept]);
    expect(await inRemote(world.up)).toEqual([]);
    expect(await notesIn(world.up)).toEqual(await notesIn(world.a));
    expect(Object.keys(await notesIn(world.up))).toHaveLength(1);
    const again = await syncIn(world.a);
    expect([again.pushed, again.fetched, again.deleted, again.notes]).toEqual([
      [],
      [],
      [],
      { pushed: false, fetched: false },
    ]);
  });

  it('goes in another clone when that syncs, which a dry run foretells', async () => {
    const planned = await syncIn(world.b, { dryRun: true });
    expect(planned.forgotten).toEqual([gone.id]);
    expect(await placesOf(world.b, [SECRET])).not.toEqual([]);
    const answer = await syncIn(world.b, { push: false });
    expect([answer.forgotten, answer.refused]).toEqual([[gone.id], []]);
    expect(await placesOf(world.b, [SECRET])).toEqual([]);
    expect(await notesIn(world.b)).toEqual(await notesIn(world.up));
    await syncIn(world.b);
    expect(await inRemote(world.up)).toEqual([]);
  });

  it('is not brought back by a clone that was away, whichever way that syncs', async () => {
    const answer = await syncIn(away, { pull: false });
    expect([answer.forgotten, answer.refused]).toEqual([[gone.id], []]);
    expect(await placesOf(away, [SECRET])).toEqual([]);
    expect(await inRemote(world.up)).toEqual([]);
    expect(await sessionsIn(world.up)).toHaveLength(2);
    for (const dir of [world.a, world.b, away]) expect((await syncIn(dir)).refused).toEqual([]);
    for (const dir of [world.a, world.b, away]) expect((await syncIn(dir)).refused).toEqual([]);
    const notes = await notesIn(world.up);
    expect(Object.keys(notes)).toHaveLength(2);
    for (const dir of [world.a, world.b, away]) {
      expect(await notesIn(dir)).toEqual(notes);
      expect(await sessionsIn(dir)).toEqual(await sessionsIn(world.up));
      expect((await verify(await contextIn(dir))).ok).toBe(true);
    }
    expect(await inRemote(world.up)).toEqual([]);
  });

  it('goes again when a hand brings its refs back, here or there', async () => {
    const ref = `refs/amp/sessions/${gone.id}/w9`;
    const [tip] = Object.values(await refsIn(away, 'refs/amp/sessions'));
    await git(away, 'push', '-q', 'origin', `${tip}:${ref}`);
    await git(world.b, 'fetch', '-q', 'origin', `${ref}:${ref}`);
    const found = await verify(await contextIn(world.b));
    expect([found.ok, found.problems.map(({ kind, where }) => [kind, where])]).toEqual([true, [['tombstone', ref]]]);
    const said = await exec(process.cwd(), process.execPath, ['scripts/verify-history.mjs', world.b]);
    expect([said.exitCode, said.stdout]).toEqual([
      0,
      expect.stringContaining(`! sessions/${gone.id}, writer w9: was forgotten`),
    ]);
    const answer = await syncIn(world.b);
    expect([answer.forgotten, answer.deleted]).toEqual([[gone.id], [ref]]);
    expect(await refsIn(world.up, ref)).toEqual({});
  });
});

describe('work on a session that another clone forgot', () => {
  it('stays: its branch and worktree, while its history goes', async () => {
    const { a, b } = await twoClones();
    const { id } = await secretSession(a);
    const idle = await workIn(b, 'idle');
    await syncIn(a);
    await syncIn(b);
    await syncIn(a);
    const ctx = await contextIn(b);
    await forgetIn(a, [id, idle]);
    await syncIn(a);
    const lock = await acquireLock(lockPath(ctx, idle), { command: 'iterate' });
    const busy = await syncIn(b);
    lock.release();
    expect(busy.forgotten).toEqual([id]);
    expect(await sessionsIn(b)).toEqual([idle]);
    writeFileSync(join(b, '.worktrees', idle, 'mine.txt'), 'mine');
    const answer = await syncIn(b);
    expect(answer.forgotten).toEqual([idle]);
    expect(await sessionsIn(b)).toEqual([]);
    expect(existsSync(join(b, '.worktrees', idle, 'mine.txt'))).toBe(true);
    expect(Object.keys(await refsIn(b, 'refs/heads/amp/idle'))).toHaveLength(1);
  });
});

describe('a remote that does not let refs be taken away', () => {
  it('is reported, and the rest goes on', async () => {
    const { up, a } = await twoClones();
    const hook = hookOf(up, 'update', 'case $3 in *[!0]*) ;; *) echo "deletion is not allowed" >&2; exit 1 ;; esac');
    const { id } = await secretSession(a);
    await syncIn(a);
    await forgetIn(a, [id]);
    const own = await workIn(a, 'own');
    const answer = await syncIn(a);
    expect(answer.refused.map(({ ref }) => ref.split('/')[3])).toEqual([id, id]);
    expect(answer.refused[0]!.reason).toContain('deletion is not allowed');
    expect(syncError(answer)).toMatchObject({ code: 'push.rejected' });
    expect(await sessionsIn(up)).toEqual([id, own].sort());
    rmSync(hook);
    expect((await syncIn(a)).deleted).toHaveLength(2);
  });
});

describe('tombstones from elsewhere', () => {
  it('are not taken when they take something back, or cannot be read', async () => {
    const { up, a, b } = await twoClones();
    const { id } = await secretSession(a);
    await forgetIn(a, [id]);
    await syncIn(a);
    await syncIn(b);
    const [ref, tip] = Object.entries(await refsIn(up, 'refs/amp/tombstones'))[0]!;
    const tree = await git(up, 'hash-object', '-t', 'tree', '-w', '/dev/null');
    const forged = await git(up, '-c', 'user.name=x', '-c', 'user.email=x', 'commit-tree', tree, '-p', tip, '-m', 'x');
    await git(up, 'update-ref', ref, forged);
    expect((await syncIn(b)).refused).toEqual([{ ref, reason: 'it takes back what it said before' }]);
    const blob = (await exec(up, 'sh', ['-c', 'echo nonsense | git hash-object -w --stdin'])).stdout.trim();
    const bad = (await exec(up, 'sh', ['-c', `printf '100644 blob ${blob}\\tx.ndjson\\n' | git mktree`])).stdout.trim();
    const damaged = await git(up, '-c', 'user.name=x', '-c', 'user.email=x', 'commit-tree', bad, '-p', tip, '-m', 'x');
    await git(up, 'update-ref', ref, damaged);
    expect((await syncIn(b)).refused[0]!.reason).toContain('cannot be read');
    await git(up, 'update-ref', ref, tip);
    expect((await syncIn(b)).refused).toEqual([]);
  });
});

describe('a log that holds a secret', () => {
  it('the way out is named', async () => {
    const answer = {
      ...(await syncIn((await twoClones()).a)),
      held: [{ ref: 'refs/amp/sessions/k1/w', reason: 'x', secrets: [] }],
    };
    expect(syncError(answer)?.hint).toContain('`amp-sessions forget k1`');
  });
});
