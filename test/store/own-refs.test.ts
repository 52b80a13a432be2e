import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { openStore } from '../../src/store/git-store.ts';
import { eventsFile, laneRef } from '../../src/store/layout.ts';
import { putBackOwnRefs, rememberOwnRefs } from '../../src/store/own-refs.ts';
import { addTombstones } from '../../src/store/tombstones.ts';
import { putBackWriter } from '../../src/store/wal/put-back-writer.ts';
import { findWriter } from '../../src/store/wal/writer.ts';
import { draft } from '../support/events.ts';
import { git, makeRepo } from '../support/repo.ts';

const LOG = 'sessions/s000000001' as const;
const rename = (name: string) => draft('session.renamed', { name, previous: 'x' });

const world = async () => {
  const dir = await makeRepo();
  const repo = await locateRepository(dir);
  const store = await openStore(repo, { clock: systemClock, redact: (text) => text });
  await store.read(LOG);
  await store.append(LOG, [rename('a')]);
  await store.flush(LOG);
  const ref = laneRef({ log: LOG, writer: store.writer });
  return { dir, repo, store, ref, file: eventsFile(repo, { log: LOG, writer: store.writer }) };
};

const seqs = async ({ repo }: Awaited<ReturnType<typeof world>>) => {
  const fresh = await openStore(repo, { clock: systemClock, redact: (text) => text });
  const { events } = await fresh.read(LOG);
  await fresh.close();
  return events.map(({ seq }) => seq);
};

describe('our refs', () => {
  test('go forward and nowhere else; a forged commit on top goes, what we added meanwhile stays', async () => {
    const w = await world();
    const { dir, repo, store, ref } = w;
    const before = await rememberOwnRefs(repo, store.writer);
    expect(await putBackOwnRefs(repo, before)).toEqual([]);
    await store.append(LOG, [rename('b')]);
    await store.flush(LOG);
    const tip = await git(dir, 'rev-parse', ref);
    expect(await putBackOwnRefs(repo, before)).toEqual([]);
    for (const to of [
      before.refs[ref]!,
      'HEAD',
      await git(dir, 'commit-tree', '-p', tip, '-m', 'f', `${tip}^{tree}`),
    ]) {
      await git(dir, 'update-ref', ref, to);
      expect(await putBackOwnRefs(repo, before)).toMatchObject([{ ref, from: tip, restored: true }]);
      expect(await git(dir, 'rev-parse', ref)).toBe(tip);
    }
    await git(dir, 'update-ref', '-d', ref);
    expect(await putBackOwnRefs(repo, before)).toEqual([{ ref, from: tip, to: null, restored: true }]);
    expect(await seqs(w)).toEqual([1, 2]);
  });

  test('that were forgotten or set aside are not put back; one whose commit is gone is told', async () => {
    const { dir, repo, store, ref } = await world();
    const before = await rememberOwnRefs(repo, store.writer);
    await git(dir, 'update-ref', 'refs/amp-damaged/x', ref);
    await git(dir, 'update-ref', ref, 'HEAD');
    expect(await putBackOwnRefs(repo, before)).toEqual([]);
    await git(dir, 'update-ref', '-d', 'refs/amp-damaged/x');
    await git(dir, 'update-ref', '-d', ref);
    const lost = { ...before, refs: { [ref]: 'f'.repeat(40) } };
    expect(await putBackOwnRefs(repo, lost)).toMatchObject([{ ref, to: null, restored: false }]);
    const at = systemClock.now();
    await addTombstones(repo, store.writer, [{ kind: 'forgotten', session: 's000000001', at }]);
    expect(await putBackOwnRefs(repo, before)).toEqual([]);
  });

  test('deleted while a process writes are put back by its next flush, with nothing lost', async () => {
    const w = await world();
    const { dir, store, ref } = w;
    await git(dir, 'update-ref', '-d', ref);
    await store.append(LOG, [rename('b')]);
    await store.flush(LOG);
    expect(await store.mended(LOG)).toEqual([ref]);
    expect(await store.mended(LOG)).toEqual([]);
    expect(await seqs(w)).toEqual([1, 2]);
  });
});

describe('events that are not in git yet', () => {
  const HARM: [string, (file: string) => void][] = [
    ['deletes their file', (file) => rmSync(file)],
    ['empties it', (file) => writeFileSync(file, '')],
    ['writes another one', (file) => writeFileSync(file, '{"forged":true}\n')],
  ];
  test.each(HARM)('survive somebody who %s', async (_, harm) => {
    const w = await world();
    const { store, file } = w;
    await store.append(LOG, [rename('b')]);
    harm(file);
    await store.append(LOG, [rename('c')]);
    harm(file);
    expect(await store.mended(LOG)).toEqual([`amp/wal/${file.split('/').at(-1)}`]);
    await store.flush(LOG);
    expect(await seqs(w)).toEqual([1, 2, 3]);
  });

  test('are flushed as they were, also from a file that was edited in place', async () => {
    const w = await world();
    const { store, file } = w;
    await store.append(LOG, [rename('bb')]);
    const forged = readFileSync(file, 'utf8').replace('"bb"', '"xx"');
    const handle = openSync(file, 'r+');
    writeSync(handle, forged, 0);
    closeSync(handle);
    await store.flush(LOG);
    expect(await seqs(w)).toEqual([1, 2]);
    expect((await store.read(LOG)).events.at(-1)!.data).toMatchObject({ name: 'bb' });
  });
});

test('the name that a clone writes under is put back, gone or edited', async () => {
  const { repo, store } = await world();
  const clock = systemClock;
  expect(putBackWriter(repo, { clock, id: store.writer })).toBe(false);
  const file = `${repo.commonDir}/amp/writer`;
  writeFileSync(file, readFileSync(file, 'utf8').replace(store.writer, 'forged'));
  expect(findWriter(repo)).toBe('forged');
  expect(putBackWriter(repo, { clock, id: store.writer })).toBe(true);
  expect(findWriter(repo)).toBe(store.writer);
  rmSync(file);
  expect(putBackWriter(repo, { clock, id: store.writer })).toBe(true);
  expect(findWriter(repo)).toBe(store.writer);
});
