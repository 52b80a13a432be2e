import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeEvent, lineHash } from '../../../src/events/codec.ts';
import { type Envelope, GENESIS } from '../../../src/events/envelope.ts';
import { listRefs } from '../../../src/git/refs.ts';
import { readLanes, type StoredLane } from '../../../src/store/lanes/read-lanes.ts';
import { type Flush, readFlushes } from '../../../src/store/verify/lane-history.ts';
import type { Context } from '../../../src/workflows/context.ts';
import { LineFile } from '../../../src/workflows/import/file-lines.ts';
import { judgeLanes } from '../../../src/workflows/import/judge.ts';
import { lookAtFile } from '../../../src/workflows/import/look-at-file.ts';
import { makeRepo } from '../../support/repo.ts';
import { contextIn, make } from '../../support/sessions.ts';
import { exportFrom, fileOf, importInto } from './support.ts';

const LOG = 'sessions/judged00001';
const WRITER = 'wjudged001';

const linesOf = (count: number, say = (seq: number): string => `word ${seq}`, writer = WRITER): string[] => {
  const lines: string[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const event: Envelope = {
      v: 1,
      log: LOG,
      writer,
      seq,
      clock: seq,
      at: '2026-11-22T10:00:00.000Z',
      by: 'agent',
      type: 'future.said',
      data: { text: say(seq) },
      prev: lines.length > 0 ? lineHash(lines.at(-1)!) : GENESIS,
    };
    lines.push(encodeEvent(event));
  }
  return lines;
};

const judged = async (ctx: Context, lines: string[]) => {
  const file = new LineFile(fileOf(lines));
  try {
    const { take, same, refused, forgotten } = await judgeLanes(ctx, file, [...lookAtFile(file).lanes.values()]);
    return { take: take.map(({ lane, after }) => [lane.writer, after, lane.end.seq]), same, refused, forgotten };
  } finally {
    file.close();
  }
};

const nothing = { take: [], same: 0, refused: [], forgotten: [] };
const DIVERGED = 'it does not go on from what is here; nothing was overwritten';

describe('what of a file comes in', () => {
  const all = linesOf(8);
  const changedAt = (at: number, count = 8): string[] => linesOf(count, (seq) => (seq === at ? 'no' : `word ${seq}`));
  let ctx: Context;
  let dir: string;
  beforeAll(async () => {
    dir = await makeRepo({ empty: true });
    const first = await contextIn(dir);
    for (const upTo of [2, 3, 5]) await importInto(first, fileOf(all.slice(0, upTo)));
  });
  const open = async (): Promise<Context> => {
    ctx = await contextIn(dir);
    return ctx;
  };

  it.each([
    ['all of what is here, and more', all, { ...nothing, take: [[WRITER, 5, 8]] }],
    ['what comes next alone', all.slice(5), { ...nothing, take: [[WRITER, 5, 8]] }],
    ['some of what is here, and more', all.slice(3), { ...nothing, take: [[WRITER, 5, 8]] }],
    ['the last line here, and more', all.slice(4), { ...nothing, take: [[WRITER, 5, 8]] }],
    ['just what is here', all.slice(0, 5), { ...nothing, same: 1 }],
    ['some of what is here, where a flush ended', all.slice(0, 3), { ...nothing, same: 1 }],
    ['some of what is here, in the middle', all.slice(1, 4), { ...nothing, same: 1 }],
    ['nothing', [], nothing],
  ])('of %s', async (_, lines, expected) => {
    expect(await judged(await open(), lines)).toEqual(expected);
  });

  it.each([
    ['another first line', changedAt(1), DIVERGED],
    ['another last line here', changedAt(5), DIVERGED],
    ['as many lines, the last another', changedAt(5, 5), DIVERGED],
    ['fewer lines, one of them another', changedAt(2, 3), DIVERGED],
    ['lines that follow from another one than ours', changedAt(5).slice(5), DIVERGED],
    ['a gap before it', all.slice(6), 'it begins with event 7, and here it ends with event 5'],
  ])('is nothing with %s', async (_, lines, reason) => {
    expect(await judged(await open(), lines)).toEqual({ ...nothing, refused: [{ log: LOG, writer: WRITER, reason }] });
  });

  it('is judged writer by writer', async () => {
    const others = linesOf(2, (seq) => `other ${seq}`, 'wjudged002');
    expect(await judged(await open(), [...changedAt(5), ...others])).toEqual({
      ...nothing,
      take: [['wjudged002', 0, 2]],
      refused: [{ log: LOG, writer: WRITER, reason: DIVERGED }],
    });
    expect(await judged(ctx, others.slice(1))).toMatchObject({
      refused: [{ writer: 'wjudged002', reason: 'it begins with event 2, and nothing before that is here' }],
    });
  });

  it('changes nothing, and lies as a chain of flushes, each on the one before', async () => {
    const { repo } = await open();
    const lanes: StoredLane[] = [];
    for await (const lane of readLanes(repo, [LOG])) lanes.push(lane);
    expect(lanes).toMatchObject([{ log: LOG, writer: WRITER, payloads: new Map() }]);
    expect(lanes[0]!.segments.map(({ name }) => name.slice(0, 17))).toEqual([
      'events-0000000001',
      'events-0000000003',
      'events-0000000004',
    ]);
    const refs = await listRefs(repo, 'refs/amp/');
    expect(refs.map(({ ref }) => ref)).toEqual([`refs/amp/${LOG}/${WRITER}`]);
    const flushes: Flush[] = await readFlushes(repo, [refs[0]!.id]);
    expect(flushes.map(({ lastSeq, head }) => [lastSeq, head])).toEqual(
      [2, 3, 5].map((seq) => [seq, lineHash(all[seq - 1]!)]),
    );
  });

  it('is never what this clone wrote itself, whether some of it is here or nothing', async () => {
    const { repo } = await open();
    const file = { v: 1, id: WRITER, host: 'here', path: repo.commonDir, inode: '1', born: '1' };
    mkdirSync(join(repo.commonDir, 'amp'), { recursive: true });
    writeFileSync(join(repo.commonDir, 'amp', 'writer'), `${JSON.stringify(file)}\n`);
    const own = { log: LOG, writer: WRITER, reason: expect.stringMatching(/^this clone wrote it, and has less of it/) };
    expect(await judged(ctx, all)).toEqual({ ...nothing, refused: [own] });
    expect(await judged(ctx, all.slice(0, 5))).toEqual({ ...nothing, same: 1 });
    expect(await judged(ctx, changedAt(2))).toMatchObject({ refused: [{ reason: DIVERGED }] });
  });
});

describe('lines that are in no flush yet', () => {
  it('are part of what is here, and of what leaves', async () => {
    const own = await contextIn(await makeRepo());
    const { session } = await make(own);
    const log = `sessions/${session.id}` as const;
    for (const name of ['two', 'three'])
      await own.store.append(log, [{ type: 'session.renamed', by: 'user', data: { name, previous: 'task' } }]);
    const lanes: StoredLane[] = [];
    for await (const lane of readLanes(own.repo, [log])) lanes.push(lane);
    expect(lanes).toHaveLength(1);
    expect(lanes[0]!.loose.toString()).toContain('"name":"three"');
    const { lines, path } = await exportFrom(own.repo.root);
    expect(lines.at(-1)).toContain('"name":"three"');
    expect(await judged(own, lines)).toEqual({ ...nothing, same: 1 });
    expect(await judged(own, lines.slice(0, -1))).toEqual({ ...nothing, same: 1 });
    expect(await importInto(own, path, { dryRun: true })).toMatchObject({ taken: [], same: 1, refused: [] });
    const other = await exportFrom(own.repo.root, { until: '2000-01-01T00:00:00.000Z' });
    expect(other.lines).toEqual([]);
  });
});
