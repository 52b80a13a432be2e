import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAnalysis } from '../../src/analysis/open.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { readIndex } from '../../src/store/session-index.ts';
import { message } from '../store/places.ts';
import { sh, tempDir } from '../support/repo.ts';
import { forgetIn } from '../workflows/forget/world.ts';
import { makeWorld, worldIn } from './world.ts';

const WORD = 'xyzzyplugh';

/** Files below the cache that have the word, in any table as text: Parquet may keep it compressed. */
const tellers = async (folder: string): Promise<string> => (await sh(folder, `grep -rlaF ${WORD} . || true`)).stdout;

describe('a session that was forgotten', () => {
  it('is in no file of the cache from then on, and in no answer; the others stay', async () => {
    process.env['XDG_DATA_HOME'] = tempDir();
    const world = await makeWorld();
    await world.write('s000000001', [message(WORD)]);
    await world.write('s000000002', 2);
    const line = { iteration: 1, stream: 'stdout' as const, line: WORD };
    await world.store.appendTranscript(sessionLog('s000000001'), [line]);
    expect(await world.ask('SELECT output FROM transcripts', { transcripts: true })).toEqual([[WORD]]);
    expect(await world.counts()).toEqual({ s000000001: 2, s000000002: 3 });
    const before = world.cache();
    expect(before.segments).toHaveLength(1);
    await forgetIn(world.dir, ['s000000001']);
    expect(existsSync(before.folder)).toBe(false);
    const after = await worldIn(world.dir, world.home);
    expect(await after.counts()).toEqual({ s000000002: 3 });
    expect(await after.ask('SELECT output FROM transcripts', { transcripts: true })).toEqual([]);
    expect(await after.ask(`SELECT * FROM events WHERE data::VARCHAR LIKE '%${WORD}%'`)).toEqual([]);
    expect(await tellers(after.repo.commonDir)).toBe('');
    expect(readIndex(after.repo).map(({ session }) => session)).not.toContain('s000000001');
  });

  it('is left out while its forgetting waits, where another repository is asked', async () => {
    process.env['XDG_DATA_HOME'] = tempDir();
    const world = await makeWorld();
    await world.write('s000000001', [message(WORD)]);
    await world.write('s000000002', 1);
    await world.counts();
    await forgetIn(world.dir, ['s000000001']);
    // Another hand puts its log back: the tombstone stands, and the plan to carry it out.
    const other = await worldIn(world.dir, world.home);
    await other.store.append(sessionLog('s000000001'), [message(WORD)]);
    writeFileSync(join(world.repo.commonDir, 'amp', 'forgetting.ndjson'), '{"session":"s000000001"}\n');
    const asking = await makeWorld({ home: world.home });
    const analysis = await openAnalysis(asking.ctx, { repos: [world.dir] });
    expect((await analysis.query('SELECT DISTINCT session FROM events')).rows).toEqual([['s000000002']]);
    await analysis.close();
  });

  it('goes from the cache of a process that is just making it', async () => {
    const world = await makeWorld();
    await world.write('s000000001', [message(WORD)]);
    await world.write('s000000002', 1);
    const foldMany = world.store.foldMany.bind(world.store);
    const read: string[][] = [];
    // While the cache is made, another process takes the log away.
    world.store.foldMany = async (logs, initial, step) => {
      const found = await foldMany(logs, initial, step);
      if (read.push(logs) === 1)
        await sh(
          world.dir,
          `git update-ref -d refs/amp/sessions/s000000001/${world.store.writer}; rm -r .git/amp/tips`,
        );
      return found;
    };
    expect(await world.counts()).toEqual({ s000000002: 2 });
    expect(read).toEqual([['sessions/s000000001', 'sessions/s000000002']]);
    const { segments, files } = world.cache();
    expect(segments).toHaveLength(1);
    expect(files.length).toBeGreaterThan(0);
    expect(await world.counts()).toEqual({ s000000002: 2 });
  });
});

describe('what others left in the cache', () => {
  it('goes when it is old, and stays while somebody may still write it', async () => {
    const world = await makeWorld();
    await world.write('s000000001', 1);
    await world.counts();
    const { folder } = world.cache();
    const beside = join(folder, '..', 'another-version');
    for (const dir of [join(folder, 'rows-dead'), join(folder, 'rows-young'), beside]) {
      mkdirSync(dir);
      writeFileSync(join(dir, 'x'), 'x');
    }
    // The clock of this world stands at 2026-11-22.
    await sh(
      folder,
      'touch -d 2026-11-21T00:00:00Z rows-dead ../another-version; touch -d 2026-11-22T13:00:00Z rows-young',
    );
    await world.write('s000000001', 1);
    await world.counts();
    expect([existsSync(join(folder, 'rows-dead')), existsSync(beside)]).toEqual([false, false]);
    expect(existsSync(join(folder, 'rows-young'))).toBe(true);
  });
});
