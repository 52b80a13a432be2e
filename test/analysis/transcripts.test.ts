import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rowsWriter } from '../../src/analysis/export.ts';
import { type AnalysisWish, openAnalysis } from '../../src/analysis/open.ts';
import { schemaKey } from '../../src/analysis/projection/place.ts';
import { searchHistory } from '../../src/analysis/search/ask.ts';
import { withAsker } from '../../src/analysis/sql/ask-sql.ts';
import { askedTables } from '../../src/analysis/sql/schema.ts';
import { mentionsTranscripts, TABLES, TRANSCRIPT_TABLES } from '../../src/analysis/tables/all.ts';
import { transcripts } from '../../src/analysis/tables/transcripts.ts';
import { sessionLog } from '../../src/events/envelope.ts';
import { analysisDir } from '../../src/store/layout.ts';
import { git, sh, tempDir } from '../support/repo.ts';
import { makeWorld, type World, worldIn } from './world.ts';

const ONE = 'aaaaaaaaaa';
const TWO = 'bbbbbbbbbb';

const result = (text: string): string =>
  JSON.stringify({ type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 't1', content: text }] } });

const say = async (world: World, session: string, iteration: number, ...lines: string[]): Promise<void> => {
  const drafts = lines.map((line) => ({ iteration, stream: 'stdout' as const, line }));
  await world.store.appendTranscript(sessionLog(session), drafts);
};

const SQL = `SELECT session, iteration, n, "text", output FROM transcripts ORDER BY session, iteration, n`;

describe('the table of transcripts', () => {
  let world: World;
  const ask = (sql = SQL, wish: AnalysisWish = {}) => world.ask(sql, { transcripts: true, ...wish });

  beforeAll(async () => {
    world = await makeWorld();
    await world.write(ONE, 1);
    await world.write(TWO, 1);
  });

  it('is empty where nothing was written, and not there where nobody asks for it', async () => {
    expect(await ask()).toEqual([]);
    await expect(world.ask(SQL)).rejects.toThrow(/transcripts/);
  });

  it('has every line, those that are not in git yet as well', async () => {
    await say(world, ONE, 1, result('the tool says hello'), 'plain one', 'plain two');
    await world.store.flush(sessionLog(ONE));
    await say(world, ONE, 2, 'not flushed');
    expect(await ask()).toEqual([
      [ONE, 1, 1, expect.stringContaining('tool_result'), 'the tool says hello'],
      [ONE, 1, 2, 'plain one', 'plain one\nplain two'],
      [ONE, 1, 3, 'plain two', null],
      [ONE, 2, 1, 'not flushed', 'not flushed'],
    ]);
    await say(world, ONE, 2, 'nor this');
    expect((await ask()).at(-1)).toEqual([ONE, 2, 2, 'nor this', null]);
    await world.store.flush(sessionLog(ONE));
    expect(await ask()).toHaveLength(5);
  });

  it('says the same without its cache, and reads only what is new', async () => {
    await say(world, TWO, 1, 'of the second');
    await world.store.flush(sessionLog(TWO));
    const before = await ask();
    expect(await ask(SQL, { rebuild: true })).toEqual(before);
    const folders = () => readdirSync(analysisDir(world.repo)).sort();
    expect(folders()).toEqual([schemaKey(TABLES), schemaKey(TRANSCRIPT_TABLES)].sort());
    rmSync(world.cache().folder, { recursive: true });
    expect(await ask()).toEqual(before);
    const own = await world.ask('SELECT count(*) FROM sessions');
    expect(own).toEqual([[2]]);
    expect(folders()).toHaveLength(2);
  });

  it('of two repositories is told by the one that knows more of a session', async () => {
    const copy = tempDir();
    await git(world.dir, 'clone', '-q', '--mirror', '.', copy);
    const other = await worldIn(copy, world.home);
    const wish = { repos: [world.dir, copy] };
    expect(await ask(SQL, wish)).toEqual(await ask());
    await other.write(TWO, 2);
    await say(other, TWO, 2, 'said elsewhere');
    await other.store.flush(sessionLog(TWO));
    const both = await ask(`SELECT DISTINCT session, repo FROM transcripts ORDER BY session`, wish);
    expect(both).toEqual([
      [ONE, world.repo.root],
      [TWO, other.repo.root],
    ]);
  });

  it('of a transcript whose blob is gone tells what is left, and says so', async () => {
    const broken = await makeWorld();
    await broken.write(ONE, 1);
    await say(broken, ONE, 1, 'first');
    await broken.store.flush(sessionLog(ONE));
    await say(broken, ONE, 1, 'second');
    await broken.write(ONE, 1);
    const log = await git(broken.dir, 'rev-list', '--objects', '--all', '--glob=refs/amp/*');
    const blobs = log.split('\n').filter((text) => text.includes('transcript-'));
    expect(blobs).toHaveLength(2);
    const packs = join(broken.repo.commonDir, 'objects', 'pack');
    await sh(broken.dir, `mv '${packs}' packs && for p in packs/*.pack; do git unpack-objects -q < "$p"; done`);
    const newest = blobs[0]!.split(' ')[0]!;
    rmSync(join(broken.repo.commonDir, 'objects', newest.slice(0, 2), newest.slice(2)));
    const analysis = await openAnalysis(broken.ctx, { transcripts: true });
    try {
      const { rows } = await analysis.query('SELECT "text" FROM transcripts');
      expect(rows).toEqual([['first']]);
      expect(analysis.warnings).toContainEqual(expect.stringContaining(`The transcript of sessions/${ONE} is damaged`));
    } finally {
      await analysis.close();
    }
  });
});

describe('an export of transcripts', () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
    await world.write(TWO, 1);
    await world.write(ONE, 1);
    await say(world, ONE, 2, '=cmd()', 'ünï');
    await say(world, ONE, 10, result('of the tenth'));
    await say(world, TWO, 1, 'x'.repeat(100_000));
    await world.store.appendTranscript(sessionLog(TWO), [{ iteration: 1, stream: 'stderr', bytes: '/w==' }]);
  });

  const write = async (over: Partial<Parameters<typeof rowsWriter>[0]> = {}, without: string[] = []) => {
    const wish = { table: 'transcripts', format: 'ndjson' as const, raw: false, repos: [], all: false, ...over };
    const file = join(tempDir(), 'rows');
    let text = '';
    const write = async (more: string): Promise<void> => {
      text += more;
    };
    const sink = { write, whole: () => file, check: () => {} };
    const rows = await rowsWriter(wish, () => {})(world.ctx, { sessions: undefined, without }, sink);
    return { rows, text, file };
  };

  it('has every line in the order of its reference, in each format', async () => {
    const { rows, text } = await write();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect([rows, lines.length]).toEqual([5, 5]);
    for (const line of lines) expect(Object.keys(line)).toEqual(transcripts.columns.map(({ name }) => name));
    expect(lines.map(({ session, iteration, n }) => [session, iteration, n])).toEqual([
      [ONE, 2, 1],
      [ONE, 2, 2],
      [ONE, 10, 1],
      [TWO, 1, 1],
      [TWO, 1, 2],
    ]);
    expect(lines[2]).toMatchObject({ output: 'of the tenth', tool_call_id: 't1', repo: world.repo.root });
    expect(lines[4]).toMatchObject({ text: null, base64: '/w==', stream: 'stderr', output: null });
    expect(JSON.parse((await write({ format: 'json' })).text)).toEqual(lines);
    const parquet = await write({ format: 'parquet' });
    expect(parquet.rows).toBe(5);
    expect(readFileSync(parquet.file).subarray(0, 4).toString()).toBe('PAR1');
  });

  it('as CSV runs no formula, unless somebody asks for it', async () => {
    expect((await write({ format: 'csv' })).text).toContain(",stdout,'=cmd(),");
    expect((await write({ format: 'csv', raw: true })).text).toContain(',stdout,=cmd(),');
  });

  it('has the lines of a time, and none of a session that must stay', async () => {
    expect((await write({ since: '2100-01-01T00:00:00.000Z' })).rows).toBe(0);
    expect((await write({ until: '2100-01-01T00:00:00.000Z' })).rows).toBe(5);
    const { text, rows } = await write({}, [ONE]);
    expect([rows, text.includes(ONE)]).toEqual([2, false]);
  });

  it('is asked for by its name, as other tables are', () => {
    expect(askedTables('Transcripts')).toEqual([transcripts]);
    expect(askedTables().at(-1)).toBe(transcripts);
    expect(mentionsTranscripts('select 1 from TRANSCRIPTS t')).toBe(true);
    expect(mentionsTranscripts('select 1 from sessions')).toBe(false);
  });
});

describe('search', () => {
  it('finds what tools and programs wrote, with session, iteration and line', async () => {
    const world = await makeWorld();
    await world.write(ONE, 1);
    await say(world, ONE, 3, 'starting', result(`${'noise '.repeat(50)}ENOENT: no such file, open package.json`));
    await say(world, ONE, 3, ...Array.from({ length: 30 }, (_, at) => `plain ${at}`), 'segmentation fault');
    const found = await searchHistory(world.ctx, { words: 'enoent package.json', limit: 5 }, {});
    expect(found).toMatchObject({ total: 1, warnings: [] });
    expect(found.items[0]).toMatchObject({ session: ONE, iteration: 3, kind: 'output', line: 2, seq: null });
    expect(found.items[0]!.snippet).toContain('ENOENT: no such file');
    const plain = await searchHistory(world.ctx, { words: 'segmentation', limit: 5, session: ONE }, {});
    expect(plain.items).toMatchObject([{ iteration: 3, kind: 'output', line: 3, writer: world.store.writer }]);
    expect((await searchHistory(world.ctx, { words: 'starting', limit: 5 }, {})).items).toMatchObject([{ line: 1 }]);
    expect((await searchHistory(world.ctx, { words: 'tool_result', limit: 5 }, {})).total).toBe(0);
  });
});

describe('a statement that speaks of transcripts', () => {
  it('has them read, the first or a later one', async () => {
    const world = await makeWorld();
    await world.write(ONE, 1);
    await say(world, ONE, 1, 'hello');
    const SELECT = 'select "text" from Transcripts';
    const rowsOf = (text: string, first?: string) =>
      withAsker(world.ctx, { warn: () => {}, ...(first !== undefined && { text: first }) }, async (asker) => {
        const rows: unknown[] = [];
        if (first === undefined) for await (const piece of asker.ask({ text: 'select 1' })) rows.push(...piece.rows);
        for (let time = 0; time < 2; time++) for await (const piece of asker.ask({ text })) rows.push(...piece.rows);
        return rows;
      });
    expect(await rowsOf(SELECT, SELECT)).toEqual([['hello'], ['hello']]);
    expect(await rowsOf(SELECT)).toEqual([[1], ['hello'], ['hello']]);
    await expect(rowsOf(`${SELECT} where nope`)).rejects.toMatchObject({ code: 'query.invalid' });
    await expect(rowsOf("select * from read_text('/etc/passwd'), transcripts")).rejects.toMatchObject({
      code: 'query.refused',
    });
  });
});
