import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { locateRepository } from '../../src/git/locate.ts';
import type { Repository } from '../../src/git/repository.ts';
import { openStore } from '../../src/store/git-store.ts';
import { parseTombstoneRef, tombstoneRef } from '../../src/store/layout.ts';
import { readTips } from '../../src/store/tips.ts';
import { parseTombstone, tombstoneFile, tombstoneLine } from '../../src/store/tombstones/tombstone-lines.ts';
import { addTombstones, readTombstones, type Tombstone } from '../../src/store/tombstones.ts';
import { mintWriter } from '../../src/store/wal/writer.ts';
import { exec, git, makeRepo } from '../support/repo.ts';

const AT = '2026-11-22T10:00:00.000Z';
const LATER = '2026-12-01T10:00:00.000Z';
const forgotten = (session: string, at = AT): Tombstone => ({ kind: 'forgotten', session, at });

const chain = async (dir: string, writer: string): Promise<string[]> =>
  (await git(dir, 'rev-list', tombstoneRef(writer))).split('\n');

/** Puts other bytes in the place of an object: loose ones come before packed ones. */
const breakObject = async (dir: string, id: string): Promise<void> => {
  const pack = join(dir, '.git', 'objects', 'pack');
  const packs = readdirSync(pack).filter((name) => name.endsWith('.pack'));
  for (const name of packs) {
    const moved = join(dir, '.git', name);
    await exec(dir, 'sh', [
      '-c',
      `chmod u+w .git/objects/pack/* && mv .git/objects/pack/${name} ${moved} && git unpack-objects -q <${moved}`,
    ]);
    rmSync(join(pack, name.replace('.pack', '.idx')), { force: true });
    rmSync(join(pack, name.replace('.pack', '.rev')), { force: true });
  }
  const loose = join(dir, '.git', 'objects', id.slice(0, 2), id.slice(2));
  rmSync(loose);
  writeFileSync(loose, deflateSync(Buffer.from('blob 4\0oops')).subarray(0, 9));
};

describe.each(['sha1', 'sha256'] as const)('tombstones in a %s repository', (objectFormat) => {
  let dir = '';
  let repo: Repository;

  it('there are none at first, and no process is needed to see it', async () => {
    dir = await makeRepo({ objectFormat });
    repo = await locateRepository(dir);
    const none = await readTombstones(repo);
    expect([none.isForgotten('k1'), none.forgotten.size, none.problems]).toEqual([false, 0, []]);
  });

  it('are the union of what all writers say', async () => {
    expect(await addTombstones(repo, 'w1', [forgotten('k1')])).toBe(true);
    expect(await addTombstones(repo, 'w2', [forgotten('k2'), forgotten('k1', LATER)])).toBe(true);
    const { isForgotten, forgotten: sessions, problems } = await readTombstones(repo);
    expect(['k1', 'k2', 'k3'].map(isForgotten)).toEqual([true, true, false]);
    expect(sessions.get('k1')).toEqual({ at: AT, writer: 'w1' });
    expect(problems).toEqual([]);
  });

  it('only go forwards; the newest commit has all; what is said already is not said again', async () => {
    const before = await chain(dir, 'w1');
    expect(await addTombstones(repo, 'w1', [forgotten('k1', LATER)])).toBe(false);
    expect(await chain(dir, 'w1')).toEqual(before);
    expect(await addTombstones(repo, 'w1', [forgotten('k9', LATER), forgotten('k9')])).toBe(true);
    expect((await chain(dir, 'w1')).slice(1)).toEqual(before);
    const files = await git(dir, 'ls-tree', '--name-only', tombstoneRef('w1'));
    expect(files.split('\n')).toEqual(['forgotten-2026-11.ndjson', 'forgotten-2026-12.ndjson']);
    expect(await git(dir, 'show', `${tombstoneRef('w1')}:forgotten-2026-12.ndjson`)).toBe(
      tombstoneLine(forgotten('k9', LATER)).trimEnd(),
    );
  });

  it('come as a verified pack that is not kept for longer than it takes', async () => {
    const pack = readdirSync(join(dir, '.git', 'objects', 'pack'));
    expect(pack.filter((name) => name.endsWith('.keep'))).toEqual([]);
    expect(pack.filter((name) => name.endsWith('.pack'))).not.toEqual([]);
    expect((await exec(dir, 'git', ['fsck', '--strict', '--no-dangling'])).exitCode).toBe(0);
  });

  it('many processes at once lose none', async () => {
    const sessions = Array.from({ length: 6 }, (_, n) => `m${n}`);
    await Promise.all(sessions.map((session) => addTombstones(repo, 'w3', [forgotten(session)])));
    const { isForgotten } = await readTombstones(repo);
    expect(sessions.filter(isForgotten)).toEqual(sessions);
    expect(await chain(dir, 'w3')).toHaveLength(6);
  });

  it.each([
    ['blob', `${tombstoneRef('w1')}:forgotten-2026-11.ndjson`, 'forgotten-2026-11.ndjson of refs/amp/tombstones/w1'],
    ['tree', `${tombstoneRef('w1')}^{tree}`, 'tree '],
  ])('a damaged %s is told and brings nothing back', async (_, name, words) => {
    await breakObject(dir, await git(dir, 'rev-parse', name));
    repo = await locateRepository(dir);
    const { isForgotten, problems } = await readTombstones(repo);
    expect(problems.join()).toContain(words);
    expect(['k1', 'k2', 'm3'].map(isForgotten)).toEqual([true, true, true]);
  });

  it('the next tombstone is written with all that could still be read', async () => {
    await addTombstones(repo, 'w1', [forgotten('k5')]);
    const { problems, isForgotten } = await readTombstones(repo);
    expect([problems, ['k1', 'k5'].map(isForgotten)]).toEqual([[], [true, true]]);
  });

  it('a chain whose newest commit is gone is told, and nothing is written over it', async () => {
    await breakObject(dir, await git(dir, 'rev-parse', tombstoneRef('w2')));
    repo = await locateRepository(dir);
    expect((await readTombstones(repo)).problems.join()).toContain('of refs/amp/tombstones/w2 is damaged or missing');
    await expect(addTombstones(repo, 'w2', [forgotten('k7')])).rejects.toMatchObject({ code: 'log.damaged' });
  });
});

describe('our own tombstones that somebody deleted or moved back', () => {
  it('still count, and the next one brings them back', async () => {
    const dir = await makeRepo();
    const repo = await locateRepository(dir);
    const writer = mintWriter(repo, { clock: systemClock });
    await addTombstones(repo, writer, [forgotten('k1')]);
    const [first] = await chain(dir, writer);
    await addTombstones(repo, writer, [forgotten('k2')]);
    await git(dir, 'update-ref', tombstoneRef(writer), first!);
    expect((await readTombstones(repo)).isForgotten('k2')).toBe(true);
    await addTombstones(repo, writer, [forgotten('k3')]);
    const moved = await chain(dir, writer);
    expect([moved.length, moved[1]]).toEqual([2, first]);
    await git(dir, 'update-ref', '-d', tombstoneRef(writer));
    expect((await readTombstones(repo)).isForgotten('k3')).toBe(true);
    await addTombstones(repo, writer, []);
    expect((await chain(dir, writer)).slice(1)).toEqual(moved);
    expect([...(await readTombstones(repo)).forgotten.keys()].sort()).toEqual(['k1', 'k2', 'k3']);
    expect(readTips(repo, writer).get(tombstoneRef(writer))).toBe((await chain(dir, writer))[0]);
    const store = await openStore(repo, { clock: systemClock, redact: (text) => text });
    await git(dir, 'update-ref', '-d', tombstoneRef(writer));
    expect(await store.logs()).toEqual([]);
    await store.close();
  });
});

describe('a line of a tombstone file', () => {
  it.each([forgotten('k1'), forgotten('a-b_C9', LATER)])('%j is read as it was written', (tombstone) =>
    expect(parseTombstone(tombstoneLine(tombstone).trimEnd())).toEqual(tombstone),
  );

  it.each([
    '',
    'null',
    '7',
    '{"kind":"forgotten"}',
    JSON.stringify(forgotten('../../etc')),
    JSON.stringify(forgotten('k1', 'yesterday')),
    JSON.stringify({ ...forgotten('k1'), session: ['k1'] }),
    JSON.stringify({ kind: 'forgotten', session: 'k1' }),
  ])('%s is none', (line) => expect(parseTombstone(line)).toBe('damaged'));

  it('one of a newer version is passed over', () => expect(parseTombstone('{"kind":"renamed","x":1}')).toBe('unknown'));

  it('tells only what has to be told', () => {
    const told: object = { ...forgotten('k1'), name: 'secret plan' };
    expect(parseTombstone(JSON.stringify(told))).toEqual(forgotten('k1'));
    expect(tombstoneFile(forgotten('k1', LATER))).toBe('forgotten-2026-12.ndjson');
  });

  it.each(['refs/amp/tombstones/w/x', 'refs/amp/tombstones/', 'refs/amp/tombstones/w\n', 'refs/amp/sessions/a/w'])(
    '%j is no tombstone ref',
    (ref) => expect(parseTombstoneRef(ref)).toBeUndefined(),
  );
});
