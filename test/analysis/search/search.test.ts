import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Analysis, openAnalysis } from '../../../src/analysis/open.ts';
import { searchHistory } from '../../../src/analysis/search/ask.ts';
import { type SearchWish, search } from '../../../src/analysis/search/search.ts';
import { fold } from '../../../src/analysis/search/snippet.ts';
import type { Draft } from '../../../src/events/catalogue.ts';
import { sessionLog } from '../../../src/events/envelope.ts';
import { created, draft, finished, started, tested } from '../../support/events.ts';
import { makeWorld, type World } from '../world.ts';

const said = (text: string, iteration = 1): Draft => draft('agent-message.received', { iteration, text });
const called = (summary: string): Draft =>
  draft('tool-call.started', { iteration: 1, toolCallId: 't1', tool: 'Bash', summary });
describe('search', () => {
  let world: World;
  let analysis: Analysis;
  beforeAll(async () => {
    world = await makeWorld();
    await world.write('aaaaaaaaaa', [
      started(1),
      said('I wrote the login form, then the login page, and a test of the login.'),
      said('Die Größe der Straße: 尺寸测试, cafe\u0301, ΟΔΟΣ'),
      called('rg "catalogue" src/login.ts'),
      tested({ exitCode: 1, outputTail: 'AssertionError: expected 4 to be 5\n    at logout.test.ts:3' }),
      finished(1, { subject: 'amp: Login page with toCelsius()' }),
    ]);
    await world.store.append(sessionLog('bbbbbbbbbb'), [
      draft('session.created', created({ name: 'mend', prompt: 'Mend the catalogue' })),
      started(1, { prompt: 'Mend the catalogue' }),
      said(`The page about the login. ${'Nothing else of it here. '.repeat(40)}`),
      said("'; DROP TABLE usage; -- \\d+ (x|y) %_"),
    ]);
    analysis = await openAnalysis(world.ctx, { transcripts: true });
  });
  afterAll(() => analysis.close());

  const find = async (words: string, wish: Partial<SearchWish> = {}) =>
    (await search(analysis, { words, limit: 20, ...wish })).items;
  const places = async (words: string, wish?: Partial<SearchWish>): Promise<string[]> =>
    (await find(words, wish)).map(({ session, kind }) => `${session[0]} ${kind}`).sort();

  it.each([
    ['assertionerror', ['a output']],
    ['"expected 4 to be 5"', ['a output']],
    ['bash', ['a tool']],
    ['catalogue', ['a tool', 'b prompt']],
    ['celsius', ['a commit']],
    ['"login page"', ['a commit', 'a message', 'a prompt']],
    ['"page login"', []],
    ['page login', ['a commit', 'a message', 'a prompt', 'b message']],
    ['page login -form', ['a commit', 'a prompt', 'b message']],
    ['login -"login page"', ['a tool', 'b message']],
    ['groSSe', []],
    ['GROßE', ['a message']],
    ['strasse', []],
    ['CAFE', ['a message']],
    ['café', ['a message']],
    ['οδος', ['a message']],
    ['测试', ['a message']],
    ['at', ['a output']],
    ['d (x|y) drop', ['b message']],
    ["'", null],
  ])('%s', async (words, expected) => {
    if (expected === null) await expect(find(words)).rejects.toMatchObject({ code: 'usage.invalid' });
    else expect(await places(words)).toEqual(expected);
  });

  it('the best come first: more of the word, a shorter text, a prompt before what a tool was called with', async () => {
    const found = await find('login');
    const order = found.map(({ session, kind }) => `${session[0]} ${kind}`);
    expect(order[0]).toBe('a prompt');
    expect(order.indexOf('a message')).toBeLessThan(order.indexOf('b message'));
    expect(order.at(-1)).toBe('b message');
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('a rare word weighs more than one that is everywhere', async () => {
    await world.write('cccccccccc', [
      ...Array.from({ length: 30 }, (_, n) => said(`common ${n}`)),
      said('common common common rare'),
      said('common rare rare rare'),
    ]);
    const { items } = await searchHistory(world.ctx, { words: 'common rare', limit: 2 }, {});
    expect(items.map(({ snippet }) => snippet)).toEqual(['common rare rare rare', 'common common common rare']);
  });

  it('says where it is: session, iteration, event and time', async () => {
    const [hit] = await find('assertionerror');
    expect(hit).toMatchObject({ repository: world.repo.root, session: 'aaaaaaaaaa', name: 'aaaaaaaaaa', iteration: 1 });
    expect(hit).toMatchObject({
      writer: world.store.writer,
      seq: 6,
      line: null,
      snippet: expect.stringContaining('to be 5 at logout'),
    });
    expect(hit!.hits.map(([from, to]) => hit!.snippet.slice(from, to))).toEqual(['AssertionError']);
  });

  it('narrows by session and time, and tells how many there are', async () => {
    expect(await places('login', { session: 'bbbbbbbbbb' })).toEqual(['b message']);
    expect(await places('login', { session: 'bbb' })).toEqual(['b message']);
    expect(await places('login', { until: '2000-01-01T00:00:00.000Z' })).toEqual([]);
    expect(await places('login', { since: '2000-01-01T00:00:00.000Z', session: 'bbbbbbbbbb' })).toEqual(['b message']);
    expect(await search(analysis, { words: 'login', limit: 1 })).toMatchObject({
      items: [{ kind: 'prompt' }],
      total: 5,
    });
    expect(await search(analysis, { words: 'nowhere', limit: 1 })).toEqual({ items: [], total: 0 });
  });

  it('what was said twice in a session is found once', async () => {
    await world.write('dddddddddd', [said('Twice.'), said('Twice.'), said('TWICE')]);
    const { total } = await searchHistory(world.ctx, { words: 'twice', limit: 5 }, {});
    expect(total).toBe(2);
  });

  it('nonsense is refused before anything is read', async () => {
    const nowhere = { clock: world.ctx.clock, home: world.home };
    await expect(searchHistory(nowhere, { words: '?', limit: 5 }, {})).rejects.toMatchObject({ code: 'usage.invalid' });
  });

  it('marks what the database finds: both fold alike', async () => {
    const texts = ['ÀÉÎ', 'Ünïcödé', 'İstanbul', 'ŁÓDŹ', 'ΆΛΦΑ', 'Ёлка', 'Việt', 'Ǻ', 'ﬁ', '尺寸'];
    const { rows } = await analysis.query('SELECT strip_accents(lower(t)) FROM (SELECT unnest($1) AS t)', [texts]);
    expect(rows.flat()).toEqual(texts.map(fold));
  });
});
