import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sessionLog } from '../../../src/events/envelope.ts';
import { rarely } from '../../support/rarely.ts';
import { git, makeRepo, sh, tempDir } from '../../support/repo.ts';
import { contextIn, make, runOnce } from '../../support/sessions.ts';
import { AGENT, cloneOf, eventsIn, logsIn, notesIn, refsIn, syncIn, twoClones, workIn } from './world.ts';

const url = (path: string): string => `file://${path}`;

it.each([
  ['a shallow clone', ['--depth=1']],
  ['a partial clone', ['--filter=blob:none']],
  ['a partial clone without trees', ['--filter=tree:0']],
  ['a single-branch clone', ['--single-branch', '--no-tags']],
])('%s has everything that the others have, and they have its own', async (_name, flags) => {
  const { up, a } = await twoClones();
  await git(a, 'commit', '-q', '--allow-empty', '-m', 'second');
  await git(a, 'push', '-q', 'origin', 'main');
  const id = await workIn(a);
  await syncIn(a);
  const clone = await cloneOf(url(up), ...flags);
  await syncIn(clone);
  expect(await eventsIn(clone, id)).toEqual(await eventsIn(a, id));
  const other = await workIn(clone, 'other');
  expect(await syncIn(clone)).toMatchObject({ refused: [], held: [] });
  await syncIn(a);
  expect(await eventsIn(a, other)).toEqual(await eventsIn(clone, other));
  expect(await notesIn(a)).toEqual(await notesIn(clone));
  expect(await refsIn(a)).toEqual(await refsIn(clone));
});

it('the lines of logs come into a partial clone, so that they are read without the remote', async () => {
  const { up, a } = await twoClones();
  const id = await workIn(a);
  await syncIn(a);
  for (const flags of [['--filter=blob:none'], ['--filter=blob:none', '--mirror']]) {
    const clone = await cloneOf(url(up), ...flags);
    await syncIn(clone);
    await git(clone, 'config', 'remote.origin.url', url(join(up, 'gone')));
    expect(await eventsIn(clone, id)).toEqual(await eventsIn(a, id));
  }
});

rarely('a mirror clone syncs like any other, and its mirroring is not set off', async () => {
  const { up, a } = await twoClones();
  const mirror = await cloneOf(url(up), '--mirror');
  await git(mirror, 'config', 'remote.origin.mirror', 'true');
  await git(a, 'push', '-q', 'origin', 'main:kept');
  const id = await workIn(mirror);
  expect(await syncIn(mirror)).toMatchObject({ refused: [], logs: { pushed: 1 } });
  expect(Object.keys(await refsIn(up, 'refs/heads'))).toEqual(['refs/heads/kept', 'refs/heads/main']);
  await syncIn(a);
  expect(await eventsIn(a, id)).toEqual(await eventsIn(mirror, id));
});

it('repositories of SHA-256 sync too, notes of both sides with them', async () => {
  const { a, b } = await twoClones({ objectFormat: 'sha256' });
  await Promise.all([workIn(a, 'one'), workIn(b, 'two')]);
  await syncIn(a);
  await syncIn(b);
  await syncIn(a);
  expect(Object.keys(await logsIn(a))).toHaveLength(2);
  expect(await logsIn(a)).toEqual(await logsIn(b));
  expect(Object.keys(await notesIn(a))).toHaveLength(2);
  expect(await notesIn(a)).toEqual(await notesIn(b));
});

rarely('a bare repository is synced as well', async () => {
  const { up, a } = await twoClones();
  const bare = await cloneOf(up, '--bare');
  const id = await workIn(a);
  await syncIn(a);
  await syncIn(bare);
  expect(await eventsIn(bare, id)).toEqual(await eventsIn(a, id));
});

it('a copied folder writes under a name of its own, and both copies end with the same', async () => {
  const { a } = await twoClones();
  const id = await workIn(a);
  const copy = join(tempDir('amp-copy-'), 'copy');
  cpSync(a, copy, { recursive: true, verbatimSymlinks: true });
  await sh(copy, 'rm -rf .worktrees .git/worktrees');
  await runOnce(await contextIn(a), id);
  await runOnce(await contextIn(copy), id);
  await syncIn(a);
  expect((await syncIn(copy)).refused).toEqual([]);
  await syncIn(a);
  const events = await eventsIn(a, id);
  expect(events).toEqual(await eventsIn(copy, id));
  expect(new Set(events.map((line) => JSON.parse(line).writer)).size).toBe(2);
});

/** Two copies of one folder in which each is worked on in its own way; the names of the refs are packed, or not. */
const copiesOf = async (start: string, id: string, pack: (copy: string) => Promise<unknown>) => {
  const [one, other] = [join(tempDir(), 'one'), join(tempDir(), 'other')];
  for (const copy of [one, other]) {
    cpSync(start, copy, { recursive: true, verbatimSymlinks: true });
    const ctx = await contextIn(copy);
    await make(ctx, { name: `of-${copy === one ? 'one' : 'other'}`, agent: AGENT });
    const log = sessionLog(id);
    const rename = (name: string) =>
      ctx.store.append(log, [{ type: 'session.renamed', by: 'user', data: { previous: 'task', name } }]);
    await rename(copy === one ? 'first' : 'second');
    await ctx.store.flush(log);
    await pack(copy);
    // Acknowledged, and in the write-ahead file only.
    await rename('last');
  }
  return { one, other };
};

it.each([
  ['one', 'both packed'],
  ['other', 'both packed'],
  ['one', 'loose'],
  ['other', 'the one packed'],
] as const)(
  'folders that were copied, worked in and put together again file by file (%s side winning, %s) keep every event',
  async (winner, packed) => {
    const start = await makeRepo();
    const id = await workIn(start);
    if (packed === 'both packed') await git(start, 'pack-refs', '--all');
    const { one, other } = await copiesOf(start, id, async (copy) => {
      if (packed === 'both packed' || (packed === 'the one packed' && copy.endsWith('one')))
        await sh(copy, 'git pack-refs --all; git repack -adq');
    });
    const [under, over] = winner === 'one' ? [other, one] : [one, other];
    const [fromUnder, fromOver] = [await logsIn(under), await logsIn(over)];
    const merged = join(tempDir(), 'merged');
    cpSync(under, merged, { recursive: true, verbatimSymlinks: true });
    cpSync(over, merged, { recursive: true, force: true, verbatimSymlinks: true });
    const together = await logsIn(merged);
    for (const logs of [fromUnder, fromOver])
      for (const [log, lines] of Object.entries(logs)) expect(together[log]).toEqual(expect.arrayContaining(lines));
    expect(Object.keys(together)).toHaveLength(3);
    const refs = await refsIn(merged);
    for (const side of [one, other]) expect(refs).toMatchObject(await refsIn(side));
    const up = await makeRepo({ bare: true });
    await git(merged, 'remote', 'add', 'origin', up);
    expect(await syncIn(merged)).toMatchObject({ refused: [] });
    expect(await git(merged, 'fsck', '--no-dangling')).toBe('');
    const fresh = await cloneOf(up);
    await syncIn(fresh);
    const sent = await logsIn(fresh);
    for (const log of Object.keys(together)) expect(together[log]).toEqual(expect.arrayContaining(sent[log]!));
    expect(existsSync(join(fresh, '.worktrees'))).toBe(false);
    rmSync(merged, { recursive: true });
  },
);
