import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { readRef } from '../../../src/git/refs.ts';
import { archiveRef } from '../../../src/store/archive/archive-refs.ts';
import { packLanes } from '../../../src/store/archive/pack-lanes.ts';
import { laneRef, tombstoneRef } from '../../../src/store/layout.ts';
import { addTombstones } from '../../../src/store/tombstones.ts';
import { checkArchives } from '../../../src/store/verify/check-archives.ts';
import { checkTombstones } from '../../../src/store/verify/check-tombstones.ts';
import { exec, git, tempDir } from '../../support/repo.ts';
import { type GitPlace, gitPlace, message, testClock } from '../places.ts';

const SCRIPT = join(import.meta.dirname, '../../../scripts/verify-history.mjs');
const IDS = ['s000000001', 's000000002'] as const;

let place: GitPlace;
let writer: string;
let ref: string;
let tip: string;
let parents: string[];

/** A commit like another one with other files at the top of its tree, and other parents. */
const rewritten = async (files: Record<string, string>, over: { of?: string; parents?: string[] } = {}) => {
  const old = (await git(place.dir, 'ls-tree', over.of ?? tip)).split('\n');
  const lines = old.filter((line) => line !== '' && !(line.split('\t')[1]! in files));
  for (const [name, text] of Object.entries(files)) {
    const file = join(tempDir(), 'file');
    writeFileSync(file, text);
    lines.push(`100644 blob ${await git(place.dir, 'hash-object', '-w', '--no-filters', file)}\t${name}`);
  }
  const listing = join(tempDir(), 'tree');
  writeFileSync(listing, `${lines.join('\n')}\n`);
  const tree = (await exec(place.dir, 'sh', ['-c', `git mktree < '${listing}'`])).stdout.trim();
  const ids = (over.parents ?? parents).flatMap((id) => ['-p', id]);
  return git(place.dir, 'commit-tree', tree, ...ids, '-m', 'rewritten');
};

const found = async (at: string): Promise<string[]> => {
  await git(place.dir, 'update-ref', ref, at);
  const problems = await checkArchives(place.repo, writer);
  for (const problem of problems) expect(problem).toMatchObject({ kind: 'ref', writer, where: ref, isDamage: true });
  return problems.map(({ detail }) => detail);
};

beforeAll(async () => {
  place = await gitPlace();
  const store = await place.open();
  ({ writer } = store);
  const lanes = [];
  for (const log of IDS.map(sessionLog)) {
    await store.append(log, [message('one'), message('two')]);
    await store.flush(log);
    lanes.push({ log, writer, tip: (await readRef(place.repo, laneRef({ log, writer })))!, state: {} });
  }
  await packLanes(place.repo, { writer, month: '2026-11', lanes, clock: testClock() });
  await store.close();
  ref = archiveRef({ kind: 'log', writer, month: '2026-11' });
  tip = (await readRef(place.repo, ref))!;
  parents = (await git(place.dir, 'show', '-s', '--format=%P', tip)).split(' ');
});

describe('an archive is held against its list', () => {
  let list: string;
  beforeAll(async () => {
    list = `${await git(place.dir, 'cat-file', 'blob', `${tip}:contents.ndjson`)}\n`;
  });

  it('a sound one has nothing to tell, nor has the small verifier', async () => {
    expect(await found(tip)).toEqual([]);
    expect(await found(await rewritten({ 'contents.ndjson': list }))).toEqual([]);
    const small = await exec(place.dir, process.execPath, [SCRIPT, place.dir]);
    expect([small.exitCode, small.stdout]).toEqual([0, '✓ 2 chains sound, 4 events\n']);
  });

  it('a line that is spoiled or gone: what it kept is not on the list, and both verifiers say so', async () => {
    const [first, second] = list.trimEnd().split('\n') as [string, string];
    const cases = [
      [`${first}\n`, `${parents[2]} is kept, and not listed`],
      [`${first}\n{"ref":\n`, 'the archive cannot be read'],
      [`${first}\n${second.replace('"lastSeq"', '"last"')}\n`, 'the archive cannot be read'],
    ] as const;
    for (const [text, told] of cases) {
      expect(await found(await rewritten({ 'contents.ndjson': text }))).toEqual([
        `${ref} keeps ${parents[2]!.slice(0, 12)} and does not list it`,
      ]);
      const small = await exec(place.dir, process.execPath, [SCRIPT, place.dir]);
      expect([small.exitCode, small.stdout]).toEqual([7, expect.stringContaining(told)]);
    }
  });

  const small = async (): Promise<number | null> =>
    (await exec(place.dir, process.execPath, [SCRIPT, place.dir])).exitCode;

  it("another writer's ref on the list: no archive speaks for others", async () => {
    const lane = laneRef({ log: sessionLog(IDS[0]), writer });
    const foreign = laneRef({ log: sessionLog(IDS[0]), writer: 'somebody' });
    expect(await found(await rewritten({ 'contents.ndjson': list.replace(lane, foreign) }))).toEqual([
      `${ref} lists ${foreign}, not its own`,
    ]);
    expect(await small()).toBe(7);
  });

  it('another hash of the last line, or number of it', async () => {
    const head = /"head":"([0-9a-f]{64})"/.exec(list)![1]!;
    const changes = [list.replace(head, '0'.repeat(64)), list.replace('"lastSeq":2', '"lastSeq":1')];
    for (const text of changes)
      expect(await found(await rewritten({ 'contents.ndjson': text }))).toEqual([
        `${parents[1]!.slice(0, 12)} does not end as the list says of ${laneRef({ log: sessionLog(IDS[0]), writer })}`,
      ]);
    expect(await small()).toBe(7);
  });

  it('a sealed log that is not kept, and one that was never here', async () => {
    const [start, one] = parents as [string, string];
    const lane = laneRef({ log: sessionLog(IDS[1]), writer });
    expect(await found(await rewritten({}, { parents: [start, one] }))).toEqual([`${ref} does not keep ${lane}`]);
    const text = list.replaceAll(parents[2]!, 'e'.repeat(40));
    expect(await found(await rewritten({ 'contents.ndjson': text }, { parents: [start, one] }))).toEqual([
      `${ref} does not keep ${lane}`,
      `the sealed log of ${lane} is missing`,
    ]);
  });

  it('an archive that is gone, or is none', async () => {
    expect(await found(await git(place.dir, 'rev-parse', `${tip}^{tree}`))).toEqual([
      expect.stringContaining('cannot be read'),
    ]);
    await git(place.dir, 'update-ref', '-d', ref);
    expect((await checkArchives(place.repo, writer)).map(({ detail }) => detail)).toEqual([`${ref} is gone`]);
    expect(await checkArchives(place.repo, 'somebody')).toEqual([]);
    expect(await found(tip)).toEqual([]);
  });
});

test('the small verifier has at most 200 lines of code', () => {
  const lines = readFileSync(SCRIPT, 'utf8').split('\n');
  expect(lines.filter((line) => !/^\s*($|#!|\/\/|\/?\*)/.test(line)).length).toBeLessThanOrEqual(200);
});

describe('tombstones are held against what they said', () => {
  const details = async () => (await checkTombstones(place.repo)).map(({ detail, isDamage }) => [detail, isDamage]);

  it('there are none, then one of a session that is not here', async () => {
    expect(await details()).toEqual([]);
    await addTombstones(place.repo, writer, [{ kind: 'forgotten', session: 'gone', at: systemClock.now() }]);
    expect(await details()).toEqual([]);
  });

  it('one that takes back what it said is damage, and names the commit that said it', async () => {
    const mine = tombstoneRef(writer);
    const said = (await readRef(place.repo, mine))!;
    const file = await git(place.dir, 'ls-tree', '--name-only', said);
    const text = JSON.stringify({ kind: 'forgotten', session: 'other', at: '2026-11-22T13:00:00.000Z' });
    const tombstone = await rewritten({ [file]: `${text}\n` }, { of: said, parents: [said] });
    await git(place.dir, 'update-ref', mine, tombstone);
    expect(await details()).toEqual([[`${mine} takes back what ${said} of it says`, true]]);
    const torn = await rewritten({ [file]: text.slice(0, 30) }, { of: said, parents: [said] });
    await git(place.dir, 'update-ref', mine, torn);
    expect((await details())[0]).toEqual([`1 line of ${file} in ${mine} cannot be read`, true]);
    await git(place.dir, 'update-ref', '-d', mine);
    expect(await details()).toEqual([[`${mine} is gone, and was at ${said.slice(0, 12)}`, false]]);
    await git(place.dir, 'update-ref', mine, said);
    expect(await details()).toEqual([]);
  });

  it('a forgotten session of which something is here is told, without being damage', async () => {
    await addTombstones(place.repo, writer, [{ kind: 'forgotten', session: 'back', at: systemClock.now() }]);
    const back = laneRef({ log: sessionLog('back'), writer: 'w9' });
    await git(place.dir, 'update-ref', back, 'HEAD');
    const [told, ...more] = await checkTombstones(place.repo);
    expect(more).toEqual([]);
    expect(told).toMatchObject({ kind: 'tombstone', where: back, isDamage: false });
    expect(told!.detail).toContain('session back was forgotten and is here');
  });

  it('what is packed away of a forgotten session is told by both, and is no damage while all of it is there', async () => {
    await git(place.dir, 'update-ref', '-d', laneRef({ log: sessionLog('back'), writer: 'w9' }));
    await addTombstones(place.repo, writer, [{ kind: 'forgotten', session: IDS[1], at: systemClock.now() }]);
    expect(await checkTombstones(place.repo)).toMatchObject([
      { where: 'refs/amp/archive/*', isDamage: false, detail: expect.stringContaining(`${IDS[1]} was forgotten`) },
    ]);
    const { exitCode, stdout } = await exec(place.dir, process.execPath, [SCRIPT, place.dir]);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`${IDS[1]}, writer ${writer}: was forgotten`)]);
  });
});
