import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listSessions } from '../../../src/workflows/list-sessions.ts';
import { syncError } from '../../../src/workflows/sync/sync.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';
import { contextIn, runOnce } from '../../support/sessions.ts';
import { cloneOf, eventsIn, hookOf, logsIn, notesIn, refsIn, syncIn, twoClones, workIn } from './world.ts';

it('brings sessions, commits and notes from one clone to the other, and then has nothing to do', async () => {
  const { up, a, b } = await twoClones();
  const id = await workIn(a);
  const there = await syncIn(a);
  expect(there).toMatchObject({
    remote: 'origin',
    fetched: [],
    refused: [],
    held: [],
    logs: { pushed: 1, fetched: 0 },
  });
  expect(there.pushed).toHaveLength(2);
  expect(there.notes).toEqual({ pushed: true, fetched: false });
  expect(await refsIn(up)).toEqual(await refsIn(a));

  const here = await syncIn(b);
  expect(here).toMatchObject({ pushed: [], refused: [], logs: { pushed: 0, fetched: 1 }, notes: { fetched: true } });
  expect(here.fetched.sort()).toEqual(there.pushed.sort());
  expect(await eventsIn(b, id)).toEqual(await eventsIn(a, id));
  expect(await refsIn(b)).toEqual(await refsIn(a));
  expect(await notesIn(b)).toEqual(await notesIn(a));
  const { items } = await listSessions({ dir: b }, {} as Parameters<typeof listSessions>[1]);
  expect(items.map((item) => item.id)).toEqual([id]);
  for (const dir of [a, b]) {
    const again = await syncIn(dir);
    expect(again).toMatchObject({ pushed: [], fetched: [], refused: [], notes: { pushed: false, fetched: false } });
    expect(await git(dir, 'fsck', '--no-dangling')).toBe('');
  }
});

it('nothing of it is in what the user pushes and fetches, and the settings stay as they were', async () => {
  const { up, a, b } = await twoClones();
  const config = await git(a, 'config', '--list', '--local');
  await workIn(a);
  await git(a, 'push', '-q', 'origin', 'main');
  await git(a, 'push', '-q', '--tags', 'origin');
  expect(await refsIn(up)).toEqual({});
  await syncIn(a);
  const before = await refsIn(b, 'refs');
  await git(b, 'config', 'fetch.prune', 'true');
  await git(b, 'fetch', '-q', '--all');
  expect(await refsIn(b, 'refs')).toEqual(before);
  await syncIn(b);
  const synced = await refsIn(b);
  await git(b, 'fetch', '-q', '--all');
  expect(await refsIn(b)).toEqual(synced);
  expect(await git(a, 'config', '--list', '--local')).toBe(config);
  expect(await refsIn(up, 'refs/heads')).toEqual({ 'refs/heads/main': before['refs/remotes/origin/main'] });
});

it('two clones that work on one session have all of it, in the same order', async () => {
  const { a, b } = await twoClones();
  const id = await workIn(a);
  await syncIn(a);
  await syncIn(b);
  const { trustCommands } = await import('../../../src/workflows/foreign-commands.ts');
  await trustCommands(await contextIn(b), id);
  await Promise.all([runOnce(await contextIn(a), id), runOnce(await contextIn(b), id)]);
  await syncIn(a);
  await syncIn(b);
  await syncIn(a);
  const events = await eventsIn(a, id);
  expect(events).toEqual(await eventsIn(b, id));
  expect(new Set(events.map((line) => JSON.parse(line).writer)).size).toBe(2);
  expect(await notesIn(a)).toEqual(await notesIn(b));
  expect(await refsIn(a)).toEqual(await refsIn(b));
});

it('a clone of a clone passes on what others wrote', async () => {
  const { a, b, up } = await twoClones();
  const id = await workIn(a);
  const c = await cloneOf(b);
  await git(b, 'config', 'receive.denyCurrentBranch', 'ignore');
  await syncIn(a);
  await syncIn(b);
  await syncIn(c);
  expect(await eventsIn(c, id)).toEqual(await eventsIn(a, id));
  const other = await workIn(c, 'third');
  await syncIn(c);
  await syncIn(b);
  await syncIn(a);
  expect(await eventsIn(a, other)).toEqual(await eventsIn(c, other));
  expect(await refsIn(up)).toEqual(await refsIn(c));
});

it('a ref that is refused does not hurt the rest, whoever refuses it', async () => {
  const { a, b, up } = await twoClones();
  const bad = await workIn(a, 'bad');
  const good = await workIn(a, 'good');
  const hook = hookOf(
    up,
    'update',
    `case "$1" in refs/amp/sessions/${bad}/*) echo "not here, please" >&2; exit 1;; esac`,
  );
  const refusedByUpdate = await syncIn(a);
  expect(refusedByUpdate.refused.map(({ ref }) => ref)).toEqual([expect.stringContaining(`sessions/${bad}/`)]);
  expect(refusedByUpdate.refused[0]?.reason).toContain('not here, please');
  expect(syncError(refusedByUpdate)).toMatchObject({ code: 'push.rejected', exit: 1 });
  await syncIn(b);
  expect(await eventsIn(b, good)).toEqual(await eventsIn(a, good));

  rmSync(hook);
  const third = await workIn(a, 'third');
  hookOf(
    up,
    'pre-receive',
    `while read old new ref; do case $ref in */${bad}/*) echo "all or nothing"; exit 1;; esac; done`,
  );
  const refused = await syncIn(a);
  expect(refused.refused.map(({ ref }) => ref)).toEqual([expect.stringContaining(`sessions/${bad}/`)]);
  expect(refused.logs.pushed).toBe(1);
  await syncIn(b);
  expect(await eventsIn(b, third)).toEqual(await eventsIn(a, third));
  rmSync(`${up}/hooks/pre-receive`);
  expect(await syncIn(a)).toMatchObject({ refused: [], logs: { pushed: 1 } });
});

it("another writer's ref that was rewritten is refused, in both directions, and nothing is overwritten", async () => {
  const { a, b, up } = await twoClones();
  const id = await workIn(a);
  await syncIn(a);
  await syncIn(b);
  const [ref, tip] = Object.entries(await refsIn(a, 'refs/amp/sessions'))[0]!;
  const tree = await git(up, 'rev-parse', `${tip}^{tree}`);
  const other = await git(up, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit-tree', tree, '-m', 'rewritten');
  await git(up, 'update-ref', ref, other);
  for (const dir of [a, b]) {
    const answer = await syncIn(dir);
    expect(answer.refused).toEqual([{ ref, reason: expect.stringContaining('does not go on') }]);
    expect((await refsIn(dir))[ref]).toBe(tip);
  }
  expect((await refsIn(up))[ref]).toBe(other);
  await git(up, 'update-ref', '-d', ref);
  await syncIn(b);
  expect((await refsIn(up))[ref]).toBe(tip);
  expect(await eventsIn(b, id)).toEqual(await eventsIn(a, id));
});

it('names that git takes and we do not never come in, nor a ref that names no commit', async () => {
  const { a, b, up } = await twoClones();
  await workIn(a);
  await syncIn(a);
  const [, tip] = Object.entries(await refsIn(up, 'refs/amp/sessions'))[0]!;
  const blob = await git(up, 'hash-object', '-w', 'HEAD');
  for (const name of ['--output=x', '-x', 'x\u202ey', 'a/b/c', `${'x'.repeat(200)}%`])
    await git(up, 'update-ref', `refs/amp/sessions/${name}/w`, tip);
  await git(up, 'update-ref', 'refs/amp/sessions/abc/blob', blob);
  const answer = await syncIn(b);
  expect(answer.refused).toEqual([{ ref: 'refs/amp/sessions/abc/blob', reason: expect.stringContaining('no commit') }]);
  expect(await refsIn(b)).toEqual(await refsIn(a));
});

it('our own ref comes back from the remote when it is gone here', async () => {
  const { a } = await twoClones();
  const id = await workIn(a);
  await syncIn(a);
  const before = await refsIn(a);
  const events = await eventsIn(a, id);
  for (const ref of Object.keys(before)) await git(a, 'update-ref', '-d', ref);
  rmSync(`${a}/.git/amp/tips`, { recursive: true });
  await git(a, 'reflog', 'expire', '--expire=now', '--all');
  const answer = await syncIn(a);
  expect(answer.fetched).toHaveLength(2);
  expect(await refsIn(a)).toEqual(before);
  expect(await logsIn(a)).toEqual({ [`sessions/${id}`]: events });
  await runOnce(await contextIn(a), id);
  expect((await syncIn(a)).pushed).toHaveLength(2);
  expect((await eventsIn(a, id)).length).toBeGreaterThan(events.length);
});

it('says what it would do, and does nothing', async () => {
  const { a, b, up } = await twoClones();
  await workIn(a);
  const would = await syncIn(a, { dryRun: true });
  expect(would).toMatchObject({ dryRun: true, logs: { pushed: 1 }, notes: { pushed: true } });
  expect(await refsIn(up)).toEqual({});
  await syncIn(a);
  expect(await syncIn(b, { dryRun: true })).toMatchObject({ logs: { fetched: 1 }, notes: { fetched: true } });
  expect(await refsIn(b)).toEqual({});
});

it('pushes only, or fetches only, when told', async () => {
  const { a, b, up } = await twoClones();
  await workIn(a);
  await workIn(b);
  expect((await syncIn(a, { push: false })).pushed).toEqual([]);
  expect(await refsIn(up)).toEqual({});
  await syncIn(a, { pull: false });
  const sent = await syncIn(b, { pull: false });
  expect(sent).toMatchObject({ fetched: [], logs: { pushed: 1, fetched: 0 } });
  expect(Object.keys(await refsIn(b, 'refs/amp/sessions'))).toHaveLength(1);
  expect(Object.keys(await notesIn(up))).toHaveLength(2);
});

it('takes no code from a remote that has only the end of its history', async () => {
  const { a, up } = await twoClones();
  await git(a, 'commit', '-q', '--allow-empty', '-m', 'second');
  await git(a, 'push', '-q', 'origin', 'main');
  const shallow = await cloneOf(`file://${up}`, '--depth=1');
  const id = await workIn(shallow);
  const alone = await makeRepo({ empty: true });
  const answer = await syncIn(alone, { remote: shallow, push: false });
  expect(answer.refused).toEqual([
    { ref: expect.stringContaining(`refs/amp/code/${id}/`), reason: expect.stringContaining('only the end') },
  ]);
  expect(await eventsIn(alone, id)).toEqual(await eventsIn(shallow, id));
  expect(await git(alone, 'fsck', '--no-dangling')).toBe('');
});

it('hundreds of refs go out at once; what a sync left that died is taken away', async () => {
  const { a, b, up } = await twoClones();
  await workIn(a);
  const tip = Object.values(await refsIn(a, 'refs/amp/sessions'))[0]!;
  const names = Array.from({ length: 120 }, (_, n) => `refs/amp/sessions/s${n}/w`);
  const lines = [...names, 'refs/amp-outgoing/sessions/left/w'].map((name) => `create ${name} ${tip}`).join('\n');
  await sh(a, `git update-ref --stdin <<'END'\n${lines}\nEND\ngit pack-refs --all`);
  mkdirSync(join(a, '.git/amp/incoming/objects-x'), { recursive: true });
  const [pack] = readdirSync(join(a, '.git/objects/pack')).filter((name) => name.endsWith('.pack'));
  const keep = join(a, '.git/objects/pack', pack!.replace('.pack', '.keep'));
  writeFileSync(keep, 'amp sync\n');
  hookOf(up, 'update', 'case "$1" in */s7/*) exit 1;; esac');
  await workIn(b);
  await syncIn(b);
  const answer = await syncIn(a);
  expect(answer.refused.map(({ ref }) => ref)).toEqual([names[7]]);
  expect(answer.pushed).toHaveLength(121);
  expect(Object.keys(await refsIn(up, 'refs/amp/sessions'))).toHaveLength(121);
  expect(await refsIn(up, 'refs/amp-outgoing')).toEqual({});
  expect(await refsIn(a, 'refs/amp-outgoing')).toEqual({});
  expect([existsSync(keep), existsSync(join(a, '.git/amp/incoming'))]).toEqual([false, false]);
});

it('brings hundreds of refs at once, and still none that it would not take one by one', async () => {
  const { a, b, up } = await twoClones();
  const id = await workIn(a);
  await syncIn(a);
  const [, tip] = Object.entries(await refsIn(up, 'refs/amp/sessions'))[0]!;
  const names = Array.from({ length: 510 }, (_, n) => `refs/amp/sessions/s${n}/w`);
  const lines = [...names, 'refs/amp/sessions/-x/w'].map((name) => `create ${name} ${tip}`).join('\n');
  await sh(up, `git update-ref --stdin <<'END'\n${lines}\nEND\ngit pack-refs --all`);
  const answer = await syncIn(b, { push: false });
  expect(answer.fetched).toHaveLength(512);
  expect(Object.keys(await refsIn(b)).filter((ref) => ref.includes('-x'))).toEqual([]);
  expect(existsSync(join(b, '.git/refs/amp/sessions/s1'))).toBe(false);
  expect((await refsIn(b))[names[509]!]).toBe(tip);
  expect(await eventsIn(b, id)).toEqual(await eventsIn(a, id));
});
