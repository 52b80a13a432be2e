import {
  appendFileSync,
  chmodSync,
  cpSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAnalysis } from '../../src/analysis/open.ts';
import { PRICES } from '../../src/analysis/prices.ts';
import { schemaKey } from '../../src/analysis/projection/place.ts';
import { readState } from '../../src/analysis/projection/state.ts';
import { TABLES } from '../../src/analysis/tables/all.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { analysisDir, laneRef } from '../../src/store/layout.ts';
import { message } from '../store/places.ts';
import { git, makeRepo, sh, tempDir } from '../support/repo.ts';
import { makeWorld, type World, worldIn } from './world.ts';

/** Everything every table has, in one order. */
const everything = async (world: World, wish = {}): Promise<string> => {
  const analysis = await openAnalysis(world.ctx, wish);
  try {
    const all: unknown[] = [];
    for (const { name, columns } of TABLES) {
      const answer = await analysis.query(`SELECT * FROM ${name} ORDER BY ALL`);
      expect(answer.columns).toEqual(columns.map((column) => ({ name: column.name, type: expect.any(String) })));
      all.push(name, answer.rows);
    }
    return JSON.stringify([all, analysis.repos, analysis.warnings]);
  } finally {
    await analysis.close();
  }
};

describe('a cache of one repository', () => {
  let world: World;
  it('is empty where there are no sessions: every table is there, without rows', async () => {
    world = await makeWorld();
    expect(JSON.parse(await everything(world))[0]).toEqual(TABLES.flatMap(({ name }) => [name, []]));
    expect(world.cache().segments).toEqual([]);
  });

  it('has every event of every session, those that are not in git yet as well', async () => {
    await world.write('s000000001', 3);
    await world.write('s000000002', 2, 'pending');
    expect(await world.counts()).toEqual({ s000000001: 4, s000000002: 3 });
  });

  it('is read again as it is while nothing changes', async () => {
    const before = world.cache();
    const text = readFileSync(join(before.folder, 'state.json'), 'utf8');
    expect(await world.counts()).toEqual({ s000000001: 4, s000000002: 3 });
    expect(world.cache()).toEqual(before);
    expect(readFileSync(join(before.folder, 'state.json'), 'utf8')).toBe(text);
  });

  it('reads only what changed: a new session, one that went on, one that was flushed', async () => {
    const before = world.cache().segments;
    await world.write('s000000003', 1);
    await world.write('s000000001', 1);
    await world.write('s000000002', 0, 'flushed');
    expect(await world.counts()).toEqual({ s000000001: 5, s000000002: 3, s000000003: 2 });
    expect(await everything(world)).toBe(await everything(world, { rebuild: true }));
    await world.write('s000000004', 60);
    await world.counts();
    const kept = world.cache().segments;
    await world.write('s000000001', 1, 'pending');
    await world.write('s000000001', 1, 'pending');
    expect((await world.counts())['s000000001']).toBe(7);
    expect(world.cache().segments).toEqual(expect.arrayContaining(kept));
    expect(before).toHaveLength(1);
  });

  it('keeps what one session adds as lines, and one entry beside the list of all', async () => {
    await everything(world, { rebuild: true });
    const { folder } = world.cache();
    const { logsFile, events } = readState(folder)!;
    for (let n = 1; n <= 3; n++) {
      await world.write('s000000003', 1);
      await everything(world);
      const state = readState(folder)!;
      expect([state.logsFile, state.events, state.changed.map(({ log }) => log)]).toEqual([
        logsFile,
        events + n,
        [sessionLog('s000000003')],
      ]);
      expect(state.segments.map(({ files }) => files.every(({ isLines }) => isLines === true))).toEqual([false, true]);
    }
    const answer = await everything(world);
    expect(await everything(world, { rebuild: true })).toBe(answer);
  });

  it('gives the same answer when it was deleted, wholly or in part', async () => {
    const answer = await everything(world);
    rmSync(analysisDir(world.repo), { recursive: true });
    expect(await everything(world)).toBe(answer);
    rmSync(join(world.cache().folder, world.cache().segments[0]!), { recursive: true });
    expect(await everything(world)).toBe(answer);
    rmSync(world.cache().files[0]!);
    expect(await everything(world)).toBe(answer);
  });

  it.each<[string, (world: World) => void]>([
    ['a file that was cut', ({ cache }) => truncateSync(cache().files[0]!, 100)],
    ['an empty file', ({ cache }) => truncateSync(cache().files[0]!, 0)],
    ['a file that grew', ({ cache }) => appendFileSync(cache().files[0]!, 'x')],
    ['a byte that turned', ({ cache }) => flip(cache().files[0]!)],
    ['a state that is none', ({ cache }) => writeFileSync(join(cache().folder, 'state.json'), '{}')],
    ['a byte of the state', ({ cache }) => flip(join(cache().folder, 'state.json'))],
  ])('is mended: %s', async (_, damage) => {
    const answer = await everything(world);
    damage(world);
    expect(await everything(world)).toBe(answer);
    expect(await everything(world)).toBe(answer);
  });

  it('is mended while only one of many logs went on, and one was taken away', async () => {
    for (const n of [1, 2, 3]) await world.write(`s10000000${n}`, 2);
    await everything(world);
    const ref = `refs/amp/${sessionLog('s100000002')}/${world.store.writer}`;
    await git(world.dir, 'update-ref', '-d', ref);
    await world.write('s100000003', 1);
    truncateSync(world.cache().files[0]!, 100);
    const answer = await everything(world);
    const counts = await world.counts();
    expect([counts['s100000001'], counts['s100000002'], counts['s100000003']]).toEqual([3, undefined, 4]);
    expect(await everything(world, { rebuild: true })).toBe(answer);
  });

  it('is mended where a lost byte shows only when it is read', async () => {
    const answer = await everything(world);
    const { files } = world.cache();
    const events = files.find((file) => file.endsWith('events.parquet'))!;
    await damageUnseen(events);
    expect(await everything(world)).toBe(answer);
  });

  it('stays as it is when refs are packed, or its files were copied to other times', async () => {
    const answer = await everything(world);
    const before = world.cache();
    await git(world.dir, 'pack-refs', '--all');
    for (const file of before.files) utimesSync(file, 1, 1);
    expect(await everything(world)).toBe(answer);
    expect(world.cache()).toEqual(before);
  });

  it('is followed by a clone of the folder', async () => {
    const answer = await world.counts();
    const copy = join(tempDir(), 'copy');
    cpSync(world.dir, copy, { recursive: true });
    expect(await (await worldIn(copy)).counts()).toEqual(answer);
  });

  it('stands beside that of another program or of other tables', () => {
    const keys = [schemaKey(TABLES, 'a'), schemaKey(TABLES, 'b'), schemaKey(TABLES.slice(1), 'a')];
    const other = TABLES.map((table) => ({ ...table, columns: table.columns.slice(1) }));
    expect(new Set([...keys, schemaKey(other, 'a')]).size).toBe(4);
    expect(schemaKey(TABLES, 'a')).toBe(keys[0]);
    expect(schemaKey(TABLES, 'a', 'other prices')).not.toBe(keys[0]);
    expect(schemaKey(TABLES, 'a', PRICES)).toBe(keys[0]);
  });
});

const flip = (file: string): void => {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 0x20;
  writeFileSync(file, bytes);
};

/** The same size and time, as a power cut leaves it. */
const damageUnseen = async (file: string): Promise<void> => {
  await sh(dirname(file), `cp -p '${file}' ../kept && head -c $(wc -c < ../kept) /dev/zero > '${file}'`);
  await sh(dirname(file), `touch -r ../kept '${file}' && rm ../kept`);
};

describe('a cache that many questions add to', () => {
  it('has few segments, and after a while no files of those that were merged', async () => {
    const world = await makeWorld();
    const wanted: Record<string, number> = {};
    for (let n = 0; n < 10; n++) {
      await world.write(`s00000000${n}`, n);
      wanted[`s00000000${n}`] = n + 1;
      await world.counts();
    }
    const { folder } = world.cache();
    const state = readState(folder)!;
    expect(state.segments.length).toBeLessThanOrEqual(2);
    expect(state.retired).toHaveLength(8);
    expect(await world.counts()).toEqual(wanted);
    for (let n = 0; n < 12; n++) world.ctx.clock.now();
    await world.write('s000000000', 1);
    expect(await world.counts()).toEqual({ ...wanted, s000000000: 2 });
    expect(world.cache().segments.length).toBeLessThan(5);
    expect(await everything(world)).toBe(await everything(world, { rebuild: true }));
  });
});

describe('two processes', () => {
  it('that build at once both answer, and leave a whole cache', async () => {
    const world = await makeWorld();
    for (const n of [1, 2, 3]) await world.write(`s00000000${n}`, 20);
    const others = [world, await worldIn(world.dir), await worldIn(world.dir)];
    const answers = await Promise.all(others.map((one) => everything(one)));
    expect(new Set(answers).size).toBe(1);
    expect(await everything(world)).toBe(answers[0]);
    expect(await everything(world, { rebuild: true })).toBe(answers[0]);
  });

  it('of which one takes the cache away while the other asks', async () => {
    const world = await makeWorld();
    await world.write('s000000001', 2);
    const analysis = await openAnalysis(world.ctx);
    rmSync(analysisDir(world.repo), { recursive: true });
    expect((await analysis.query('SELECT count(*) FROM events')).rows).toEqual([[3]]);
    rmSync(analysisDir(world.repo), { recursive: true });
    const rows: unknown[] = [];
    for await (const piece of analysis.stream('SELECT count(*) FROM events')) rows.push(...piece.rows);
    expect(rows).toEqual([[3]]);
    await analysis.close();
  });

  it('of which one takes the cache away while the other asks several things at once', async () => {
    const world = await makeWorld();
    await world.write('s000000001', 2);
    const analysis = await openAnalysis(world.ctx);
    const counts = () =>
      Promise.all(
        ['events', 'messages', 'sessions', 'events', 'usage'].map(async (table) => {
          const { rows } = await analysis.query(`SELECT count(*) FROM ${table}`);
          return rows[0]![0];
        }),
      );
    const answer = await counts();
    expect(answer).toEqual([3, 3, 1, 3, 0]);
    rmSync(analysisDir(world.repo), { recursive: true });
    expect(await counts()).toEqual(answer);
    await analysis.close();
  });
});

describe('what is gone', () => {
  it('leaves the files of the cache too', async () => {
    const world = await makeWorld();
    await world.write('s000000001', 5);
    await world.write('s000000002', [message('the word is xyzzy-plugh')]);
    await world.counts();
    await git(world.dir, 'update-ref', '-d', laneRef({ log: sessionLog('s000000002'), writer: world.store.writer }));
    rmSync(join(world.repo.commonDir, 'amp', 'tips'), { recursive: true });
    const before = world.cache();
    expect(await world.counts()).toEqual({ s000000001: 6 });
    expect(world.cache().segments.filter((id) => before.segments.includes(id))).toEqual([]);
    expect(await everything(world)).toBe(await everything(world, { rebuild: true }));
  });
});

describe('a repository that may not be written', () => {
  it('is answered out of a folder that goes again', async () => {
    const world = await makeWorld();
    await world.write('s000000001', 2);
    const cache = join(world.repo.commonDir, 'amp', 'cache');
    rmSync(cache, { recursive: true, force: true });
    writeFileSync(cache, 'in the way');
    const analysis = await openAnalysis(world.ctx);
    expect((await analysis.query('SELECT count(*) FROM events')).rows).toEqual([[3]]);
    const [folder] = analysis.folders;
    expect(readFileSync(cache, 'utf8')).toBe('in the way');
    await analysis.close();
    expect(() => readFileSync(folder!)).toThrow(/ENOENT/);
  });

  // Root may write everywhere.
  it.runIf(process.getuid?.() !== 0)('has a cache that is used as far as it goes', async () => {
    const world = await makeWorld();
    await world.write('s000000001', 2);
    await world.counts();
    const { folder, segments } = world.cache();
    await world.write('s000000002', 1);
    chmodSync(folder, 0o500);
    try {
      expect(await world.counts()).toEqual({ s000000001: 3, s000000002: 2 });
      expect(world.cache().segments).toEqual(segments);
    } finally {
      chmodSync(folder, 0o700);
    }
  });
});

describe.each(['sha1', 'sha256'] as const)('a %s repository', (objectFormat) => {
  it('without a checkout is asked like any other', async () => {
    const world = await worldIn(await makeRepo({ bare: true, objectFormat }));
    await world.write('s000000001', 1);
    expect(await world.ask('SELECT DISTINCT repo, session FROM events')).toEqual([[world.dir, 's000000001']]);
  });
});
