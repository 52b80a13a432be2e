import { existsSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { restoreLeftRefs } from '../../src/store/left-refs.ts';
import { readTips, recordTips, tipWriters } from '../../src/store/tips.ts';
import { addTombstones } from '../../src/store/tombstones.ts';
import { git, makeRepo, sh } from '../support/repo.ts';
import { contextIn, make } from '../support/sessions.ts';

/** A folder with three sessions of one writer, whose name it has lost since, and the refs with it. */
const scene = async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  const ids: string[] = [];
  for (const name of ['gone', 'behind', 'apart']) ids.push((await make(ctx, { name })).session.id);
  const { writer } = ctx.store;
  const refs = ids.map((id) => `refs/amp/sessions/${id}/${writer}`);
  const before = await Promise.all(refs.map((ref) => git(dir, 'rev-parse', ref)));
  await ctx.store.append(sessionLog(ids[1]!), [
    { type: 'session.renamed', by: 'user', data: { previous: 'behind', name: 'further' } },
  ]);
  await ctx.store.flush(sessionLog(ids[1]!));
  await ctx.store.close();
  rmSync(join(dir, '.git/amp/writer'));
  const repo = await locateRepository(dir);
  const tips = readTips(repo, writer);
  return { dir, repo, writer, ids, refs, before, tips };
};

const seen = (dir: string): string => join(dir, '.git/amp/cache/left-refs');

it('puts back refs of another writer that are gone or behind, and lets alone those that went another way', async () => {
  const { dir, repo, writer, refs, before, tips } = await scene();
  const [gone, behind, apart] = refs as [string, string, string];
  expect(tipWriters(repo)).toContain(writer);
  const tree = await git(dir, 'rev-parse', 'HEAD^{tree}');
  const other = await git(dir, 'commit-tree', tree, '-m', 'elsewhere');
  await git(dir, 'update-ref', '-d', gone);
  await git(dir, 'update-ref', behind, before[1]!);
  await git(dir, 'update-ref', apart, other);
  expect((await restoreLeftRefs(repo)).sort()).toEqual([gone, behind].sort());
  expect(await git(dir, 'rev-parse', gone)).toBe(tips.get(gone));
  expect(await git(dir, 'rev-parse', behind)).toBe(tips.get(behind));
  expect(tips.get(behind)).not.toBe(before[1]);
  expect(await git(dir, 'rev-parse', apart)).toBe(other);
  expect(await restoreLeftRefs(repo)).toEqual([]);
});

it('looks again only when a file it looked at is another one', async () => {
  const { dir, repo, writer, refs } = await scene();
  expect(await restoreLeftRefs(repo)).toEqual([]);
  expect(existsSync(seen(dir))).toBe(true);
  await git(dir, 'update-ref', '-d', refs[0]!);
  const { mtimeMs } = statSync(seen(dir));
  // A loose ref that is gone is nothing that putting folders together does: no file that is looked at tells of it.
  expect(await restoreLeftRefs(repo)).toEqual([]);
  expect(statSync(seen(dir)).mtimeMs).toBe(mtimeMs);
  utimesSync(join(dir, '.git/amp/tips', writer), new Date(), new Date(Date.now() + 5000));
  expect(await restoreLeftRefs(repo)).toEqual([refs[0]]);
});

it('brings back nothing that was forgotten, nothing whose objects are gone, and no other name', async () => {
  const { dir, repo, writer, ids, refs } = await scene();
  await addTombstones(repo, writer, [{ kind: 'forgotten', session: ids[0]!, at: '2026-11-22T00:00:00.000Z' }]);
  const head = await git(dir, 'rev-parse', 'HEAD');
  recordTips(repo, {
    writer,
    changes: [
      { ref: refs[2]!, id: 'e'.repeat(40) },
      { ref: 'refs/heads/planted', id: head },
      { ref: 'refs/amp/sessions/-x/w', id: head },
    ],
  });
  for (const ref of refs) await git(dir, 'update-ref', '-d', ref);
  expect(await restoreLeftRefs(repo)).toEqual([refs[1]]);
  expect((await sh(dir, 'git for-each-ref refs/heads/planted refs/amp/sessions')).stdout.split('\n')).toHaveLength(2);
});

it('a folder that knows one writer only costs a look at one folder', async () => {
  const dir = await makeRepo();
  const ctx = await contextIn(dir);
  await make(ctx, { name: 'task' });
  expect(tipWriters(ctx.repo)).toEqual([ctx.store.writer]);
  expect(await restoreLeftRefs(ctx.repo)).toEqual([]);
  expect(existsSync(seen(dir))).toBe(false);
});
