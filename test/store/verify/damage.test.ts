import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Draft, definitionOf } from '../../../src/events/catalogue.ts';
import { encodeEvent, lineHash } from '../../../src/events/codec.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { eventsFile, laneRef } from '../../../src/store/layout.ts';
import { LaneCheck } from '../../../src/store/verify/check-lines.ts';
import { listWal } from '../../../src/store/wal/wal-files.ts';
import { verify } from '../../../src/workflows/verify.ts';
import { created, draft, eventsOf } from '../../support/events.ts';
import { exec, git, makeRepo } from '../../support/repo.ts';
import { contextIn } from '../../support/sessions.ts';

const SCRIPT = join(import.meta.dirname, '../../../scripts/verify-history.mjs');
const SESSION = 's000000001';
const LOG = sessionLog(SESSION);
const OTHER = sessionLog('s000000002');

const drafts = (count: number): Draft[] => [
  draft('session.created', created()),
  ...Array.from({ length: count - 1 }, (_, at) =>
    draft('session.renamed', { name: `name ${at} ä`, previous: `name ${at - 1}` }),
  ),
];

const linesOf = (bytes: Buffer): string[] => bytes.toString().split('\n').slice(0, -1);
const joined = (lines: string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));

/** Checks lines as they lie in a blob; `head` is what their flush says of the last one. */
const isNoticed = (bytes: Buffer, { writer, head, last }: { writer: string; head: string; last: number }): boolean => {
  const check = new LaneCheck({ log: LOG, writer, definitionOf });
  check.add({ where: 'blob', bytes, isFile: false }, () => {});
  return check.problems.some(({ isDamage }) => isDamage) || check.hashAt(last) !== head;
};

const BITS = [0, 1, 2, 3, 4, 5, 6, 7];
/** One bit in so many; `TEST_FLIP_STEP=1` takes every one. */
const FIFTY = process.env['TEST_FLIP_STEP'] === '1' ? 1 : 211;

describe('every bit', () => {
  const log = (count: number) => {
    const events = eventsOf(drafts(count));
    const lines = events.map(encodeEvent);
    return { bytes: joined(lines), about: { writer: events[0]!.writer, head: lineHash(lines.at(-1)!), last: count } };
  };

  test.each([
    ['all of a short log', 5, (at: number) => BITS.map((bit) => [at, bit])],
    ['of fifty events', 50, (at: number) => BITS.filter((bit) => (8 * at + bit) % FIFTY === 0).map((bit) => [at, bit])],
  ] as const)('%s: whichever is flipped, it is noticed', (_, count, flips) => {
    const { bytes, about } = log(count);
    expect(isNoticed(bytes, about)).toBe(false);
    const missed: number[][] = [];
    for (let at = 0; at < bytes.length; at++)
      for (const [where, bit] of flips(at)) {
        bytes[where!]! ^= 1 << bit!;
        if (!isNoticed(bytes, about)) missed.push([where!, bit!]);
        bytes[where!]! ^= 1 << bit!;
      }
    expect(missed).toEqual([]);
  });

  test('and a blob cut at every byte', () => {
    const { bytes, about } = log(8);
    for (let at = 0; at < bytes.length; at++) expect(isNoticed(bytes.subarray(0, at), about)).toBe(true);
  });
});

/** Of all the bits of the first four lines, and of all the places where a file may end; 1 takes every one. */
const STEP = Number(process.env['TEST_FLIP_STEP'] ?? 47);

describe('the small verifier', () => {
  test('notices whichever bit is flipped and wherever a file is cut, names the place, and passes the others', async () => {
    const dir = await makeRepo();
    const wal = join(dir, '.git/amp/wal');
    mkdirSync(wal, { recursive: true });
    const put = (session: string, change: (bytes: Buffer) => Buffer): number => {
      const events = eventsOf(drafts(5), 'w000000001', session);
      const bytes = joined(events.map(encodeEvent));
      const changed = change(bytes);
      writeFileSync(join(wal, `sessions.${session}.w000000001.ndjson`), changed);
      return changed.length;
    };
    const name = (kind: string, n: number): string => `${kind}${String(n).padStart(9, '0')}`;
    const whole = joined(eventsOf(drafts(5), 'w000000001', name('s', 0)).map(encodeEvent));
    // The last line of a file has no successor to prove it.
    const proved = whole.lastIndexOf(10, whole.length - 2);
    const flips: string[] = [];
    for (let bit = 0; bit < 8 * proved; bit += STEP) {
      flips.push(name('f', bit));
      put(name('f', bit), (bytes) => {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        return bytes;
      });
    }
    const cuts: string[] = [];
    for (let end = 1; end < whole.length; end += STEP) {
      const length = put(name('c', end), (bytes) => bytes.subarray(0, end));
      if (whole[length - 1] !== 10) cuts.push(name('c', end));
    }
    for (let n = 0; n < 20; n++) put(name('s', n), (bytes) => bytes);
    const { stdout, exitCode } = await exec(dir, process.execPath, [SCRIPT, dir]);
    const told = new Set(Array.from(stdout.matchAll(/^✗ sessions\/(\w+), .* byte \d+\)$/gm), ([, id]) => id));
    const torn = new Set(Array.from(stdout.matchAll(/^! sessions\/(\w+): \d+ bytes at the end/gm), ([, id]) => id));
    expect(exitCode).toBe(7);
    expect(flips.filter((id) => !told.has(id))).toEqual([]);
    expect(cuts.filter((id) => !torn.has(id))).toEqual([]);
    expect([...told, ...torn].filter((id) => id!.startsWith('s'))).toEqual([]);
  });
});

/** A log of events in git, in flushes of ten, and another log beside it. */
const makePlace = async ({ events = 50, flush = true, objectFormat = 'sha1' as 'sha1' | 'sha256' } = {}) => {
  const dir = await makeRepo({ objectFormat });
  const ctx = await contextIn(dir);
  const { store } = ctx;
  const all = drafts(events);
  for (let at = 0; at < all.length; at += 10) {
    await store.append(LOG, all.slice(at, at + 10));
    if (flush) await store.flush(LOG);
  }
  await store.append(OTHER, drafts(3));
  await store.flush(OTHER);
  const ref = laneRef({ log: LOG, writer: store.writer });
  const fresh = async () => verify(await contextIn(dir), undefined);
  const small = async () => exec(dir, process.execPath, [SCRIPT, dir]);
  /** Both verifiers' word on the log as it is. */
  const ask = async () => {
    const found = await fresh();
    const log = found.logs.find((one) => one.log === LOG)!;
    expect(found.logs.find((one) => one.log === OTHER)).toMatchObject({ events: 3, problems: [] });
    return { ok: found.ok, problems: log.problems, logs: found.logs, small: await small() };
  };
  return { dir, ctx, ref, ask, fresh, wal: eventsFile(ctx.repo, { log: LOG, writer: store.writer }) };
};

type Place = Awaited<ReturnType<typeof makePlace>>;

/** The log written anew as one flush of other bytes, as somebody would who knows git. */
const rewrite = async ({ dir, ref }: Place, change: (bytes: Buffer) => Buffer, message = 'changed'): Promise<void> => {
  const names = (await git(dir, 'log', '--reverse', '--format=%H', ref)).split('\n');
  const parts: Buffer[] = [];
  for (const commit of names) {
    const [name] = (await git(dir, 'ls-tree', '--name-only', commit)).split('\n');
    parts.push(Buffer.from(`${await git(dir, 'cat-file', 'blob', `${commit}:${name}`)}\n`));
  }
  const file = join(dir, '.git', 'changed.ndjson');
  writeFileSync(file, change(Buffer.concat(parts)));
  const blob = await git(dir, 'hash-object', '-w', '--no-filters', file);
  const listing = `100644 blob ${blob}\tevents-0000000001-${SESSION}.ndjson\n`;
  writeFileSync(file, listing);
  const { stdout } = await exec(dir, 'sh', ['-c', `git mktree < .git/changed.ndjson`]);
  const commit = await git(dir, 'commit-tree', stdout.trim(), '-m', message);
  await git(dir, 'update-ref', ref, commit);
};

describe('a sound history', () => {
  test.each(['sha1', 'sha256'] as const)(
    'is called sound by both, in git and before it is there (%s)',
    async (objectFormat) => {
      for (const flush of [true, false]) {
        const place = await makePlace({ flush, objectFormat });
        const { ok, problems, logs, small } = await place.ask();
        const waiting = logs.flatMap(({ log, notInGit }) => (notInGit > 0 ? [`${notInGit} of ${log}`] : []));
        expect(waiting.includes(`50 of ${LOG}`)).toBe(!flush);
        // Both say of which events nothing proves that they are the last.
        const told = flush ? '' : `! events not yet in git, so nothing proves their end: ${waiting.join(', ')}\n`;
        const said = `${told}✓ 2 chains sound, 53 events\n`;
        expect([ok, problems, small.exitCode, small.stdout]).toEqual([true, [], 0, said]);
      }
    },
  );

  test('of a new repository is empty', async () => {
    const dir = await makeRepo();
    expect(await verify(await contextIn(dir))).toEqual({ ok: true, logs: [], problems: [], events: 0, signatures: [] });
  });
});

describe('damage in git is found by both, with its place', () => {
  const cases: [string, (lines: string[]) => string[], RegExp][] = [
    ['a line dropped', (lines) => lines.toSpliced(20, 1), /events 21 to 21 are missing/],
    ['the first line dropped', (lines) => lines.slice(1), /events 1 to 1 are missing/],
    ['two lines swapped', (lines) => lines.with(7, lines[8]!).with(8, lines[7]!), /events 8 to 8 are missing/],
    ['a line doubled', (lines) => lines.toSpliced(30, 0, lines[30]!), /event 31 is there twice/],
    [
      'a word changed',
      (lines) => lines.with(9, lines[9]!.replace('name 8 ä', 'name 8 ü')),
      /event 11 does not follow from event 10/,
    ],
    ['a line that is none', (lines) => lines.with(3, 'what'), /a line is no event/],
    [
      "another log's line",
      (lines) => lines.with(3, lines[3]!.replaceAll(SESSION, 's000000009')),
      /belongs to another log/,
    ],
  ];
  test.each(cases)('%s', async (_, change, detail) => {
    const place = await makePlace();
    await rewrite(place, (bytes) => joined(change(linesOf(bytes))));
    const { ok, problems, small } = await place.ask();
    expect(ok).toBe(false);
    const found = problems.find((problem) => detail.test(problem.detail));
    expect(found).toMatchObject({
      log: LOG,
      isDamage: true,
      byte: expect.any(Number),
      where: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect([small.exitCode, small.stdout.includes(`byte ${found!.byte}`)]).toEqual([7, true]);
  });

  test('the last line changed, though no line follows it: its flush knows its hash', async () => {
    const place = await makePlace();
    const [old] = (await git(place.dir, 'log', '-1', '--format=%B', place.ref)).split('\0');
    await rewrite(
      place,
      (bytes) => joined(linesOf(bytes).with(49, linesOf(bytes)[49]!.replace('name 48 ä', 'name 48 ü'))),
      old,
    );
    const { ok, problems, small } = await place.ask();
    expect(ok).toBe(false);
    expect(problems).toContainEqual(expect.objectContaining({ kind: 'head', seq: 50 }));
    expect(small.exitCode).toBe(7);
  });

  test('a ref that somebody moved back is told by the clone that wrote it', async () => {
    const place = await makePlace();
    await git(place.dir, 'update-ref', place.ref, `${place.ref}~2`);
    const { ok, problems } = await place.ask();
    expect([ok, problems]).toMatchObject([false, [{ kind: 'ref' }]]);
  });

  test('an object that is gone or spoiled is named, and the other log stays usable', async () => {
    const place = await makePlace();
    await git(place.dir, 'repack', '-adq');
    const { stdout } = await exec(place.dir, 'sh', [
      '-c',
      'for p in .git/objects/pack/*.pack; do git unpack-objects -q < /dev/null; mv $p .git/; git unpack-objects -q < .git/$(basename $p); done; rm -f .git/objects/pack/*',
    ]);
    expect(stdout).toBe('');
    const blob = await git(place.dir, 'rev-parse', `${place.ref}~1:events-0000000031-${SESSION}.ndjson`);
    const file = join(place.dir, '.git/objects', blob.slice(0, 2), blob.slice(2));
    const whole = readFileSync(file);
    for (const content of [
      Buffer.alloc(0),
      Buffer.concat([whole.subarray(0, 20), Buffer.from([7]), whole.subarray(21)]),
    ]) {
      await exec(place.dir, 'chmod', ['u+w', file]);
      writeFileSync(file, content);
      const { ok, problems, small } = await place.ask();
      expect(ok).toBe(false);
      expect(
        problems.some(
          ({ kind, where, detail }) => kind === 'object' && `${where} ${detail}`.includes(blob.slice(0, 12)),
        ),
      ).toBe(true);
      expect(small.exitCode).toBe(7);
    }
  });
});

describe('damage before it is in git', () => {
  test('a file cut at every byte: a torn end is told, and what is before it is sound', async () => {
    const place = await makePlace({ events: 4, flush: false });
    const whole = readFileSync(place.wal);
    for (let at = 0; at < whole.length; at += 37) {
      writeFileSync(place.wal, whole.subarray(0, at));
      const found = await place.fresh();
      const log = found.logs.find((one) => one.log === LOG);
      const isWhole = at === 0 || whole[at - 1] === 10;
      expect([found.ok, log?.problems.map(({ kind, isDamage }) => [kind, isDamage]) ?? []]).toEqual([
        true,
        isWhole ? [] : [['torn', false]],
      ]);
    }
  });

  test('a line doubled in the file is told by both; one that is in git as well is what a crash leaves', async () => {
    const place = await makePlace({ events: 4, flush: false });
    const whole = readFileSync(place.wal);
    const lines = linesOf(whole);
    writeFileSync(place.wal, joined(lines.toSpliced(2, 0, lines[2]!)));
    const { ok, problems, small } = await place.ask();
    expect([ok, problems]).toMatchObject([false, [{ kind: 'repeated', seq: 3, detail: 'event 3 is there twice' }]]);
    expect([small.exitCode, small.stdout.includes('event 3 is there twice')]).toEqual([7, true]);
    writeFileSync(place.wal, whole);
    const { store } = await contextIn(place.dir);
    await store.recover(LOG);
    await store.flush(LOG);
    await store.close();
    writeFileSync(place.wal, whole);
    const after = await place.ask();
    expect([after.ok, after.problems, after.small.exitCode]).toEqual([true, [], 0]);
  });

  test('a file that says something else than git is told', async () => {
    const place = await makePlace({ events: 4 });
    const [line] = (await git(place.dir, 'show', `${place.ref}:events-0000000001-${SESSION}.ndjson`)).split('\n');
    const other = encodeEvent({ ...JSON.parse(line!), at: '2020-01-01T00:00:00.000Z' });
    writeFileSync(place.wal, `${other}\n`);
    expect(lineHash(other)).not.toBe(lineHash(line!));
    const { ok, problems } = await place.ask();
    expect([ok, problems]).toMatchObject([
      false,
      [{ kind: 'repeated', seq: 1, where: expect.stringContaining('amp/wal/') }],
    ]);
    expect(listWal(place.ctx.repo)).toHaveLength(1);
  });
});
