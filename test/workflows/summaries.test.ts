import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { readIndex, updateIndex } from '../../src/store/session-index.ts';
import { withJournal } from '../../src/workflows/journal.ts';
import { newestSummaries, summaries } from '../../src/workflows/summaries.ts';
import { created, draft, finished, started } from '../support/events.ts';
import { importHistory } from '../support/history.ts';
import { git, makeRepo } from '../support/repo.ts';
import { contextIn, make } from '../support/sessions.ts';

/** A repository with sessions made by hand, and what `list` would say, from the index and without it. */
const makePlace = async () => {
  const dir = await makeRepo();
  const cache = join(dir, '.git/amp/cache');
  const list = async () => {
    const ctx = await contextIn(dir);
    const all = await summaries(ctx);
    return { lines: all.map(({ id, name, iterations }) => `${id} ${name} ${iterations}`), warnings: ctx.warnings };
  };
  /** The same answer twice from what is remembered, and once from the logs alone. */
  const expectRight = async (): Promise<string[]> => {
    const { lines } = await list();
    expect((await list()).lines).toEqual(lines);
    const kept = ['sessions.ndjson', 'refs.json'].map((name) => [name, read(join(cache, name))] as const);
    rmSync(cache, { recursive: true, force: true });
    expect((await list()).lines).toEqual(lines);
    for (const [name, text] of kept) if (text !== undefined) writeFileSync(join(cache, name), text);
    return lines;
  };
  const add = async (id: string, { flush = true, iteration = 0 } = {}) => {
    const { store } = await contextIn(dir);
    const log = sessionLog(id);
    await store.recover(log);
    const drafts = iteration === 0 ? [draft('session.created', created({ name: `name-${id}` }))] : [];
    await store.append(log, iteration === 0 ? drafts : [started(iteration), finished(iteration)]);
    if (flush) await store.flush(log);
    return `refs/amp/${log}/${store.writer}`;
  };
  return { dir, cache, list, add, expectRight };
};

describe('the newest sessions', () => {
  test('are those of the whole list, from the end of the index too, whatever changes beside it', async () => {
    const { dir, cache, add } = await makePlace();
    for (const id of ['a1', 'b2', 'c3', 'd4', 'e5']) await add(id);
    const newest = async (count: number, isWanted: (summary: { id: string }) => boolean = () => true) => {
      const { summaries: found, more } = await newestSummaries(await contextIn(dir), { count, isWanted });
      return [found.map(({ id }) => id).join(' '), more];
    };
    /** First all of it is read, then the index is known and its end is enough. */
    const twice = async (count: number, expected: string, more: boolean): Promise<void> => {
      for (const _ of [1, 2]) expect(await newest(count)).toEqual([expected, more]);
    };
    await twice(2, 'd4 e5', true);
    await twice(5, 'a1 b2 c3 d4 e5', false);
    await twice(9, 'a1 b2 c3 d4 e5', false);
    // The one that changed is among them, though it is older.
    await add('a1', { iteration: 1 });
    await twice(2, 'a1 e5', true);
    // What is not in git yet counts as well.
    await add('b2', { iteration: 1, flush: false });
    await twice(2, 'a1 b2', true);
    await git(dir, 'pack-refs', '--all');
    await twice(2, 'a1 b2', true);
    const [ref] = (await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/amp/sessions/a1')).split('\n');
    await git(dir, 'update-ref', '-d', ref!);
    await twice(2, 'b2 e5', true);
    expect(await newest(1, ({ id }) => id < 'd')).toEqual(['b2', true]);
    expect(await newest(2, ({ id }) => id > 'd')).toEqual(['d4 e5', false]);
    // A line that cannot be read: all of it is looked at.
    appendFileSync(join(cache, 'sessions.ndjson'), 'what\n');
    await twice(3, 'b2 d4 e5', true);
  });
});

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

describe('the sessions of a repository', () => {
  test('are the same from the index as from the logs, whatever becomes of the refs', async () => {
    const { dir, add, expectRight } = await makePlace();
    expect(await expectRight()).toEqual([]);
    const refs = [await add('a1'), await add('b2'), await add('c3')];
    expect(await expectRight()).toHaveLength(3);
    await add('b2', { iteration: 1 });
    expect(await expectRight()).toContain('b2 name-b2 1');
    await git(dir, 'pack-refs', '--all');
    expect(await expectRight()).toHaveLength(3);
    await add('a1', { iteration: 1 });
    await add('d4');
    expect(await expectRight()).toEqual(['a1 name-a1 1', 'b2 name-b2 1', 'c3 name-c3 0', 'd4 name-d4 0'].sort());
    await git(dir, 'update-ref', '-d', refs[2]!);
    expect(await expectRight()).not.toContain('c3 name-c3 0');
    await git(dir, 'update-ref', '-d', refs[0]!);
    expect(await expectRight()).toHaveLength(2);
    await git(dir, 'update-ref', 'refs/amp/sessions/d4/another', await git(dir, 'rev-parse', refs[1]!));
    await expectRight();
  });

  test('that are being worked on are read anew each time, and known when they are in git', async () => {
    const { add, list, expectRight } = await makePlace();
    await add('a1');
    await add('b2', { flush: false });
    expect(await expectRight()).toEqual(['a1 name-a1 0', 'b2 name-b2 0']);
    await add('a1', { flush: false, iteration: 1 });
    expect((await list()).lines).toContain('a1 name-a1 1');
    await add('a1', { iteration: 2 });
    expect(await expectRight()).toContain('a1 name-a1 2');
    await add('b2', { iteration: 1 });
    expect(await expectRight()).toEqual(['a1 name-a1 2', 'b2 name-b2 1']);
  });

  test('survive every damage to the cache', async () => {
    const { dir, cache, add, list } = await makePlace();
    for (const id of ['a1', 'b2', 'c3']) await add(id);
    const wanted = (await list()).lines;
    expect(wanted).toHaveLength(3);
    const index = join(cache, 'sessions.ndjson');
    const state = join(cache, 'refs.json');
    const lines = read(index)!.trim().split('\n');
    const damages: (() => void)[] = [
      () => rmSync(state),
      () => rmSync(index),
      () => writeFileSync(state, '{"packed":"'),
      () => writeFileSync(state, 'null'),
      () => writeFileSync(state, '{"packed":"","open":[]}'),
      () => writeFileSync(index, `${lines.slice(1).join('\n')}\n`),
      () => writeFileSync(index, Buffer.alloc(read(index)!.length, 0)),
      () => appendFileSync(index, '{"session":"a1","tips":'),
    ];
    for (const damage of damages) {
      damage();
      expect((await list()).lines).toEqual(wanted);
      expect((await list()).lines).toEqual(wanted);
    }
    const { repo } = await contextIn(dir);
    updateIndex(repo, [{ session: 'a1', tips: [], summary: null }]);
    expect((await list()).lines).toEqual(wanted);
  });

  test('one that cannot be read is told of each time, and hides none', async () => {
    const { dir, add, list } = await makePlace();
    await add('a1');
    const ref = await add('b2');
    await list();
    writeFileSync(join(dir, '.git', ref), `${'d'.repeat(40)}\n`);
    for (let again = 0; again < 2; again++) {
      const { lines, warnings } = await list();
      expect(lines).toEqual(['a1 name-a1 0']);
      expect(warnings.join()).toContain('b2');
    }
  });

  test('are told of what a verb did when it ends, unless somebody else added to the log meanwhile', async () => {
    const dir = await makeRepo();
    const ctx = await contextIn(dir);
    const { session } = await make(ctx, { agent: { name: 'command', mode: null, command: 'true' } });
    const entries = () => readIndex(ctx.repo).map(({ session: id, tips, summary }) => ({ id, tips, summary }));
    const tips = async () => [...(await ctx.store.logs())[0]!.tips];
    expect(entries()).toEqual([{ id: session.id, tips: await tips(), summary: (await summaries(ctx))[0] }]);

    const before = entries();
    const ref = `refs/amp/sessions/${session.id}/another`;
    const log = await git(dir, 'rev-parse', `refs/amp/sessions/${session.id}/${ctx.store.writer}`);
    await withJournal(ctx, { id: session.id, name: 'task', command: 'rename' }, async (journal) => {
      await journal.record([{ type: 'session.renamed', by: 'user', data: { name: 'other', previous: 'task' } }]);
      await git(dir, 'update-ref', ref, log);
    });
    expect(entries()).toEqual(before);
    expect((await summaries(ctx))[0]!.name).toBe('other');
  });
});

test('many sessions are read some hundreds at a time, and none is left out', async () => {
  const dir = await makeRepo({ empty: true });
  importHistory(dir, 5, 1010);
  const ctx = await contextIn(dir);
  const asked: number[] = [];
  const foldMany = ctx.store.foldMany.bind(ctx.store);
  ctx.store.foldMany = (logs, ...more) => {
    asked.push(logs.length);
    return foldMany(logs, ...more);
  };
  const all = await summaries(ctx);
  expect(asked).toEqual([500, 500, 10]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1010);
  expect(all.map(({ createdAt }) => createdAt)).toEqual(all.map(({ createdAt }) => createdAt).sort());
  expect(readIndex(ctx.repo)).toHaveLength(1010);
  expect(await summaries(ctx)).toEqual(all);
  expect(asked).toHaveLength(3);
});
