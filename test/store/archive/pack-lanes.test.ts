import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionLog } from '../../../src/events/envelope.ts';
import { readRef } from '../../../src/git/refs.ts';
import { readArchives } from '../../../src/store/archive/archives.ts';
import { dropCovered } from '../../../src/store/archive/drop-covered.ts';
import { dropFromArchives } from '../../../src/store/archive/drop-from-archives.ts';
import { packLanes } from '../../../src/store/archive/pack-lanes.ts';
import { laneRef } from '../../../src/store/layout.ts';
import type { LogStore } from '../../../src/store/log-store.ts';
import { payloadsIn } from '../../../src/store/payloads.ts';
import { readTips } from '../../../src/store/tips.ts';
import { created, draft } from '../../support/events.ts';
import { exec, git, tempDir } from '../../support/repo.ts';
import { type GitPlace, gitPlace, message, messages, testClock } from '../places.ts';

const MONTH = '2026-11';
const IDS = ['s000000001', 's000000002'] as const;
const [LOG, OTHER] = IDS.map(sessionLog) as [ReturnType<typeof sessionLog>, ReturnType<typeof sessionLog>];

const fill = async (place: GitPlace, store: LogStore): Promise<void> => {
  const head = await git(place.dir, 'rev-parse', 'HEAD');
  for (const log of [LOG, OTHER]) {
    await store.append(log, [draft('session.created', created())]);
    for (let n = 1; n <= 2; n++) {
      await store.append(log, [...messages(3, n * 10), message(`${log} ${n} ${'long '.repeat(20_000)}`)]);
      await store.appendTranscript(log, [{ iteration: n, stream: 'stdout', line: `line ä ${n}` }]);
      await store.flush(log, { code: [head] });
    }
  }
};

const everything = async (place: GitPlace): Promise<string> => {
  const store = await place.open();
  const answers: unknown[] = [];
  for (const log of [LOG, OTHER]) {
    const view = await store.read(log);
    answers.push(view, (await store.fold(log, '', (text, { prev }) => text + prev)).state);
    for await (const line of store.transcript(log)) answers.push(line);
    for (const { sha256 } of view.events.flatMap(({ data }) => payloadsIn(data)))
      answers.push((await store.payload(log, sha256)).length);
    answers.push((await store.watch(log).look()).lines);
  }
  await store.close();
  return JSON.stringify(answers);
};

const refsOf = (place: GitPlace, below = 'refs/amp'): Promise<string> =>
  git(place.dir, 'for-each-ref', '--format=%(refname) %(objectname)', below);

/** Packs what has a ref of its own. */
const packIn = async ({ repo }: GitPlace, writer: string, logs = [LOG, OTHER]) => {
  const lanes = [];
  for (const log of logs) {
    const tip = await readRef(repo, laneRef({ log, writer }));
    if (tip !== undefined) lanes.push({ log, writer, tip, state: { name: `state of ${log}` } });
  }
  return packLanes(repo, { writer, month: MONTH, lanes, clock: testClock() });
};

describe.each(['sha1', 'sha256'] as const)('%s: logs that are packed away', (objectFormat) => {
  it('read byte for byte as before, go on where they ended, and are packed again', async () => {
    const place = await gitPlace({ objectFormat });
    const store = await place.open();
    await fill(place, store);
    const { writer } = store;
    const before = await everything(place);

    const result = await packIn(place, writer);
    expect(result).toMatchObject({ packed: [LOG, OTHER], skipped: [] });
    expect(result.dropped).toHaveLength(4);
    expect((await refsOf(place)).split('\n').map((line) => line.split(' ')[0])).toEqual([
      `refs/amp/archive/${writer}/${MONTH}`,
      `refs/amp/code-archive/${writer}/${MONTH}`,
    ]);
    await git(place.dir, 'reflog', 'expire', '--expire=now', '--all');
    await git(place.dir, 'gc', '-q', '--prune=now');
    expect(await everything(place)).toBe(before);
    expect((await exec(place.dir, 'git', ['fsck', '--strict', '--no-dangling'])).exitCode).toBe(0);

    // The store that wrote before does not know of the packing; another one reads it.
    await store.append(LOG, [message('after')]);
    await store.flush(LOG);
    const later = await place.open();
    const view = await later.read(LOG);
    expect(view.warnings).toEqual([]);
    expect(view.events.map(({ seq }) => seq)).toEqual(view.events.map((_, at) => at + 1));
    const sealed = (await readArchives(place.repo, 'log')).of(laneRef({ log: LOG, writer }))[0]!;
    expect(await git(place.dir, 'rev-parse', `${laneRef({ log: LOG, writer })}^`)).toBe(sealed.commit);
    expect(view.events.at(-1)).toMatchObject({ prev: sealed.head, seq: sealed.lastSeq + 1 });

    const grown = await everything(place);
    expect(await packIn(place, writer, [LOG])).toMatchObject({ packed: [LOG] });
    expect(await everything(place)).toBe(grown);
    expect((await readArchives(place.repo, 'log')).of(sealed.ref).map(({ lastSeq }) => lastSeq)).toEqual([
      sealed.lastSeq,
      sealed.lastSeq + 1,
    ]);
    const files = await git(place.dir, 'ls-tree', '-r', '--name-only', `refs/amp/archive/${writer}/${MONTH}`);
    expect(files).toContain(`sessions/${IDS[0]}/events-0000000001-${IDS[0]}.ndjson`);
    expect(await git(place.dir, 'show', '-s', '--format=%B', sealed.commit)).toContain('Amp-State: {"name":"state of');
  });
});

describe('a packing that ends in the middle', () => {
  it('is finished by the next one, whatever was done', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await fill(place, store);
    const { writer } = store;
    const before = await everything(place);
    const start = (await refsOf(place)).split('\n');
    await packIn(place, writer);
    const end = await refsOf(place);
    const restore = async (lines: string[]): Promise<void> => {
      for (const line of lines) await git(place.dir, 'update-ref', ...(line.split(' ') as [string, string]));
    };
    // One ref had gone; none had; only the archive of code had been made.
    for (const gone of [1, 0, -1]) {
      if (gone < 0) await git(place.dir, 'update-ref', '-d', `refs/amp/archive/${writer}/${MONTH}`);
      await restore(start.slice(Math.max(gone, 0)));
      expect(await everything(place)).toBe(before);
      await packIn(place, writer);
      expect(await refsOf(place)).toBe(end);
    }
    expect(readTips(place.repo, writer).has(laneRef({ log: LOG, writer }))).toBe(false);
    const recovered = await place.open();
    expect(await recovered.recover(LOG)).toEqual([]);
    expect(await refsOf(place)).toBe(end);
  });

  it('a ref that went on stays, one that an archive has goes, by what its last line proves', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await fill(place, store);
    const { writer } = store;
    const ref = laneRef({ log: LOG, writer });
    const tip = (await readRef(place.repo, ref))!;
    const first = await git(place.dir, 'rev-list', '--max-parents=0', tip);
    await packIn(place, writer);
    const sealed = await git(place.dir, 'rev-parse', `refs/amp/archive/${writer}/${MONTH}`);

    await git(place.dir, 'update-ref', ref, first);
    expect(await dropCovered(place.repo, { writer, clock: testClock() })).toEqual([ref]);

    await git(place.dir, 'update-ref', ref, tip);
    const older = await place.open();
    await older.append(LOG, [message('went on from the old end')]);
    await older.flush(LOG);
    const grown = await everything(place);
    expect(await dropCovered(place.repo, { writer, clock: testClock() })).toEqual([]);
    expect(await everything(place)).toBe(grown);
    expect(await packIn(place, writer, [LOG])).toMatchObject({ packed: [LOG], skipped: [] });
    expect(await everything(place)).toBe(grown);
    expect(await readRef(place.repo, ref)).toBeUndefined();
    expect(await git(place.dir, 'rev-parse', `refs/amp/archive/${writer}/${MONTH}^`)).toBe(sealed);
  });
});

describe('what cannot be sealed, and what is forgotten', () => {
  it('a log whose lines do not follow one another stays as it is', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await fill(place, store);
    const { writer } = store;
    const ref = laneRef({ log: LOG, writer });
    const tip = (await readRef(place.repo, ref))!;
    const tree = await git(place.dir, 'rev-parse', `${tip}^{tree}`);
    const broken = await git(place.dir, 'commit-tree', tree, '-m', 'cut');
    const lanes = [{ log: LOG, writer, tip: broken, state: {} }];
    expect(await packLanes(place.repo, { writer, month: MONTH, clock: testClock(), lanes })).toEqual({
      packed: [],
      skipped: [{ log: LOG, why: 'event 6 does not follow from event 0' }],
      dropped: [],
    });
    const raw = await git(place.dir, 'cat-file', 'commit', tip);
    const signed = raw.replace('\n\n', '\ngpgsig -----BEGIN SSH SIGNATURE-----\n -----END SSH SIGNATURE-----\n\n');
    const file = join(tempDir(), 'commit');
    writeFileSync(file, `${signed}\n`);
    const [lane] = lanes as [(typeof lanes)[0]];
    lane.tip = await git(place.dir, 'hash-object', '-t', 'commit', '-w', file);
    expect(await packLanes(place.repo, { writer, month: MONTH, clock: testClock(), lanes })).toMatchObject({
      skipped: [{ log: LOG, why: expect.stringMatching(/^the commit that closes it is signed/) }],
    });
    expect(await readRef(place.repo, ref)).toBe(tip);
  });

  it('a forgotten session leaves no trace in the archives, the others stay, and every clone comes to the same', async () => {
    const place = await gitPlace();
    const store = await place.open();
    await fill(place, store);
    const { writer } = store;
    await packIn(place, writer, [LOG]);
    const early = await git(place.dir, 'rev-parse', `refs/amp/archive/${writer}/${MONTH}`);
    await packIn(place, writer, [OTHER]);
    const late = await git(place.dir, 'rev-parse', `refs/amp/archive/${writer}/${MONTH}`);
    expect(await dropFromArchives(place.repo, ['s000000009'], { writer })).toEqual([]);
    const rewritten = await dropFromArchives(place.repo, [IDS[0]], { writer });
    expect(rewritten.map(({ ref, from }) => [ref, from])).toEqual([
      [`refs/amp/archive/${writer}/${MONTH}`, late],
      [`refs/amp/code-archive/${writer}/${MONTH}`, expect.any(String)],
    ]);
    expect(await git(place.dir, 'rev-list', '--objects', '--all')).not.toContain(IDS[0]);
    expect((await store.logs()).map(({ log }) => log)).toEqual([OTHER]);
    expect((await store.read(OTHER)).events).toHaveLength(9);
    expect(readTips(place.repo, writer).get(rewritten[0]!.ref)).toBe(rewritten[0]!.to);

    await git(place.dir, 'update-ref', rewritten[0]!.ref, late);
    expect((await dropFromArchives(place.repo, [IDS[0]], { writer }))[0]!.to).toBe(rewritten[0]!.to);
    await git(place.dir, 'update-ref', rewritten[0]!.ref, early);
    const [only] = await dropFromArchives(place.repo, [IDS[0]], { writer });
    expect((await exec(place.dir, 'git', ['merge-base', '--is-ancestor', only!.to, rewritten[0]!.to])).exitCode).toBe(
      0,
    );
  });
});
