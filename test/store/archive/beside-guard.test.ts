import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { readRef } from '../../../src/git/refs.ts';
import { archiveRef } from '../../../src/store/archive/archive-refs.ts';
import { dropFromArchives } from '../../../src/store/archive/drop-from-archives.ts';
import { packLanes } from '../../../src/store/archive/pack-lanes.ts';
import { codeRef, laneRef } from '../../../src/store/layout.ts';
import type { LogStore } from '../../../src/store/log-store.ts';
import { putBackOwnRefs, rememberOwnRefs } from '../../../src/store/own-refs.ts';
import { readTips } from '../../../src/store/tips.ts';
import { addTombstones } from '../../../src/store/tombstones.ts';
import { git } from '../../support/repo.ts';
import { type GitPlace, gitPlace, message, testClock } from '../places.ts';

const MONTH = '2026-11';
const ID = 's000000001';
const BESIDE = 's000000002';
const LOG = sessionLog(ID);
const OTHER = sessionLog(BESIDE);

let place: GitPlace;
let store: LogStore;
let writer: string;
let lane: string;
let archive: string;
let codeArchive: string;

const refs = (): Promise<string> => git(place.dir, 'for-each-ref', '--format=%(objectname) %(refname)', 'refs/amp');

const seqs = async (log = LOG): Promise<number[]> =>
  (await (await place.open()).read(log)).events.map(({ seq }) => seq);

const add = async (log: typeof LOG, text: string): Promise<void> => {
  await store.append(log, [message(text)]);
  await store.flush(log, { code: [await git(place.dir, 'rev-parse', 'HEAD')] });
};

/** What `history pack` does in another process while the agent runs. */
const pack = async (...logs: (typeof LOG)[]): Promise<void> => {
  const lanes = [];
  for (const log of logs)
    lanes.push({ log, writer, tip: (await readRef(place.repo, laneRef({ log, writer })))!, state: {} });
  const { packed } = await packLanes(place.repo, { writer, month: MONTH, lanes, clock: testClock() });
  expect(packed).toEqual(logs);
};

beforeAll(async () => {
  place = await gitPlace();
  store = await place.open();
  writer = store.writer;
  lane = laneRef({ log: LOG, writer });
  archive = archiveRef({ kind: 'log', writer, month: MONTH });
  codeArchive = archiveRef({ kind: 'code', writer, month: MONTH });
  await add(LOG, 'one');
  await add(OTHER, 'two');
});

describe('while an agent of another session runs', () => {
  it('a session may be packed away, into an archive that is new and into one that is there; nothing is undone', async () => {
    for (const log of [LOG, OTHER]) {
      const before = await rememberOwnRefs(place.repo, writer);
      expect(before.refs[laneRef({ log, writer })]).toBeDefined();
      await pack(log);
      const after = await refs();
      expect(await putBackOwnRefs(place.repo, before)).toEqual([]);
      expect(await refs()).toBe(after);
    }
    expect(await readRef(place.repo, lane)).toBeUndefined();
    // Nor does anything bring the refs back later.
    expect([...readTips(place.repo, writer).keys()].sort()).toEqual([archive, codeArchive]);
    expect(await seqs()).toEqual([1]);
  });

  it('one may grow and be packed away: what it was at the start is in the archive', async () => {
    await add(LOG, 'before');
    const before = await rememberOwnRefs(place.repo, writer);
    expect(before.refs[lane]).toBeDefined();
    await add(LOG, 'meanwhile');
    await pack(LOG);
    expect(await putBackOwnRefs(place.repo, before)).toEqual([]);
    expect(await readRef(place.repo, lane)).toBeUndefined();
    expect(await seqs()).toEqual([1, 2, 3]);
  });

  it('an archive, of logs or of code, that the agent moves or deletes is put back', async () => {
    const before = await rememberOwnRefs(place.repo, writer);
    for (const ref of [archive, codeArchive]) {
      const was = (await readRef(place.repo, ref))!;
      await git(place.dir, 'update-ref', ref, 'HEAD');
      const head = await git(place.dir, 'rev-parse', 'HEAD');
      expect(await putBackOwnRefs(place.repo, before)).toEqual([{ ref, from: was, to: head, restored: true }]);
      await git(place.dir, 'update-ref', '-d', ref);
      expect(await putBackOwnRefs(place.repo, before)).toEqual([{ ref, from: was, to: null, restored: true }]);
      expect(await readRef(place.repo, ref)).toBe(was);
    }
  });

  it('a session that went on after it was packed is put back when the agent deletes it', async () => {
    await add(LOG, 'after');
    const before = await rememberOwnRefs(place.repo, writer);
    const was = before.refs[lane]!;
    await git(place.dir, 'update-ref', '-d', lane);
    expect(await putBackOwnRefs(place.repo, before)).toEqual([{ ref: lane, from: was, to: null, restored: true }]);
    expect(await seqs()).toEqual([1, 2, 3, 4]);
  });
});

describe('a process that has a log open', () => {
  it('goes on from the sealed end when another packs it, and calls nothing mended', async () => {
    await pack(LOG);
    await add(LOG, 'after');
    expect(await store.mended(LOG)).toEqual([]);
    await pack(LOG);
    await add(LOG, 'again');
    expect(await store.mended(LOG)).toEqual([]);
    expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await readRef(place.repo, codeRef(ID, writer))).toBeDefined();
  });

  it('takes an archive for no excuse: a ref that had gone on is put back with the next flush', async () => {
    await git(place.dir, 'update-ref', '-d', lane);
    await add(LOG, 'again');
    expect(await store.mended(LOG)).toEqual([lane]);
    expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

it('a packed session may be forgotten while an agent of another runs: its archives stay without it', async () => {
  await pack(LOG);
  const before = await rememberOwnRefs(place.repo, writer);
  await addTombstones(place.repo, writer, [{ kind: 'forgotten', session: ID, at: systemClock.now() }]);
  const rewritten = await dropFromArchives(place.repo, [ID], { writer });
  expect(rewritten.map(({ ref }) => ref).sort()).toEqual([archive, codeArchive]);
  expect(await putBackOwnRefs(place.repo, before)).toEqual([]);
  for (const { ref, to } of rewritten) expect(await readRef(place.repo, ref)).toBe(to);
  expect(await seqs(OTHER)).toEqual([1]);
});
