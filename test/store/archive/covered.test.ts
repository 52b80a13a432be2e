import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionLog } from '../../../src/events/envelope.ts';
import { openCatFile } from '../../../src/git/git.ts';
import { readRef } from '../../../src/git/refs.ts';
import { type ArchivedRef, readArchives } from '../../../src/store/archive/archives.ts';
import { isCovered } from '../../../src/store/archive/covered.ts';
import { packLanes } from '../../../src/store/archive/pack-lanes.ts';
import { lostArchives, restoreArchives } from '../../../src/store/archive/restore-archives.ts';
import { codeRef, laneRef } from '../../../src/store/layout.ts';
import { recordTips } from '../../../src/store/tips.ts';
import { git } from '../../support/repo.ts';
import { type GitPlace, gitPlace, message, testClock } from '../places.ts';

const ID = 's000000001';
const LOG = sessionLog(ID);
const OTHER = sessionLog('s000000002');

let place: GitPlace;
let writer: string;
let reader: ReturnType<typeof openCatFile>;
let packings: ArchivedRef[];
let codePackings: ArchivedRef[];
let other: string;
/** The flushes and the links of code before the packing, oldest first. */
let flushes: string[];
let codes: string[];

const chainOf = async (ref: string): Promise<string[]> =>
  (await git(place.dir, 'rev-list', '--first-parent', '--reverse', ref)).split('\n');

beforeAll(async () => {
  place = await gitPlace();
  const store = await place.open();
  ({ writer } = store);
  const head = await git(place.dir, 'rev-parse', 'HEAD');
  for (const text of ['one', 'two']) {
    await store.append(LOG, [message(text), message(`${text} again`)]);
    await store.flush(LOG, { code: [head] });
  }
  await store.append(OTHER, [message('other')]);
  await store.flush(OTHER);
  const ref = laneRef({ log: LOG, writer });
  flushes = await chainOf(ref);
  codes = await chainOf(codeRef(ID, writer));
  other = (await readRef(place.repo, laneRef({ log: OTHER, writer })))!;
  const lanes = [{ log: LOG, writer, tip: flushes.at(-1)!, state: {} }];
  await packLanes(place.repo, { writer, month: '2026-11', lanes, clock: testClock() });
  packings = (await readArchives(place.repo, 'log')).of(ref);
  codePackings = (await readArchives(place.repo, 'code')).of(codeRef(ID, writer));
  await store.close();
  reader = openCatFile(place.repo);
});
afterAll(() => reader.close());

const isLogCovered = (id: string, by = packings): Promise<boolean> =>
  isCovered(place.repo, reader, { id, packings: by });

/** A commit with the words of another one, some of them changed. */
const like = async (id: string, change: (words: string) => string): Promise<string> => {
  const words = await git(place.dir, 'show', '-s', '--format=%B', id);
  expect(change(words)).not.toBe(words);
  return git(place.dir, 'commit-tree', `${id}^{tree}`, '-m', change(words));
};

describe('an archive has all of', () => {
  it('what was packed, each flush before it, and the sealed log itself', async () => {
    expect([packings.length, flushes.length]).toEqual([1, 2]);
    for (const id of [...flushes, packings[0]!.commit]) expect(await isLogCovered(id)).toBe(true);
  });

  it('a flush of which only its own commit is here: the hash of its last line proves what was before', async () => {
    expect(await isLogCovered(await like(flushes[0]!, (words) => `${words}\nRewritten: yes`))).toBe(true);
  });

  it('code that leads up to what was packed, and no code beyond it', async () => {
    expect(codePackings.map(({ tip }) => tip)).toEqual([codes.at(-1)]);
    const covers = (id: string) => isCovered(place.repo, reader, { id, packings: codePackings });
    for (const id of codes) expect(await covers(id)).toBe(true);
    const tree = `${codes.at(-1)}^{tree}`;
    const beyond = await git(place.dir, 'commit-tree', tree, '-p', codes.at(-1)!, '-m', 'keep');
    expect(await covers(beyond)).toBe(false);
    expect(await covers(await git(place.dir, 'rev-parse', 'HEAD'))).toBe(false);
  });
});

describe('an archive does not have', () => {
  const changes: [string, (words: string) => string][] = [
    ['a flush that ends with another line', (words) => words.replace(/^Amp-Head: .*$/m, `Amp-Head: ${'0'.repeat(64)}`)],
    ['one that says nothing of its last line', (words) => words.replace(/^Amp-Head: .*$/m, '')],
    ['one that ends further on', (words) => words.replace(/^Amp-Last-Seq: .*$/m, 'Amp-Last-Seq: 99')],
    ['one whose end is no number', (words) => words.replace(/^Amp-Last-Seq: .*$/m, 'Amp-Last-Seq: all')],
    ['one of another log', (words) => words.replace(/^Amp-Log: .*$/m, 'Amp-Log: sessions/s000000009')],
    ['one of another writer', (words) => words.replace(/^Amp-Writer: .*$/m, 'Amp-Writer: w9')],
  ];
  it.each(changes)('%s', async (_, change) => {
    expect(await isLogCovered(await like(flushes[0]!, change))).toBe(false);
  });

  it('the flush of a log that was not packed, a commit that is not here, and anything when it lists nothing', async () => {
    expect(await isLogCovered(other)).toBe(false);
    expect(await isLogCovered('f'.repeat(40))).toBe(false);
    expect(await isLogCovered(flushes.at(-1)!, [])).toBe(false);
  });

  it('a tree or a text that a ref names', async () => {
    expect(await isLogCovered(await git(place.dir, 'rev-parse', `${flushes[0]}^{tree}`))).toBe(false);
  });
});

describe('archives of ours that are gone', () => {
  it('are put back where they were; another’s, and one whose commit is gone, are not', async () => {
    const [{ archive }] = packings as [ArchivedRef];
    const foreign = 'refs/amp/archive/somebody/2026-11';
    const lost = `refs/amp/archive/${writer}/2020-01`;
    const tip = (await readRef(place.repo, archive))!;
    const changes = [
      { ref: foreign, id: tip },
      { ref: lost, id: 'f'.repeat(40) },
    ];
    recordTips(place.repo, { writer, changes });
    await git(place.dir, 'update-ref', '-d', archive);
    expect((await lostArchives(place.repo, writer)).map(({ ref }) => ref).sort()).toEqual([lost, archive]);
    expect(await restoreArchives(place.repo, writer)).toEqual([archive]);
    expect(await readRef(place.repo, archive)).toBe(tip);
    expect(await readRef(place.repo, foreign)).toBeUndefined();
    expect(await restoreArchives(place.repo, writer)).toEqual([]);
  });
});
