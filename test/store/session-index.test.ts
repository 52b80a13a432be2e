import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { indexFile } from '../../src/store/layout.ts';
import { type IndexEntry, readIndex, readNewest, updateIndex } from '../../src/store/session-index.ts';
import { bundle } from '../support/bundle.ts';
import { exec, makeRepo } from '../support/repo.ts';

const entry = (session: string, summary: unknown = { name: session }): IndexEntry => ({
  session,
  tips: [['w1', 'a'.repeat(40)]],
  summary,
});

const makeIndex = async () => {
  const repo = await locateRepository(await makeRepo());
  return { repo, file: indexFile(repo) };
};

describe('the session index', () => {
  test('without a file there is nothing, and reading makes none', async () => {
    const { repo, file } = await makeIndex();
    expect(readIndex(repo)).toEqual([]);
    expect(readNewest(repo, 5).entries).toEqual([]);
    updateIndex(repo, []);
    expect(existsSync(file)).toBe(false);
  });

  test('the newest entry of a session stands, in the order of change; null takes it away', async () => {
    const { repo } = await makeIndex();
    updateIndex(repo, [entry('a'), entry('b'), entry('c')]);
    updateIndex(repo, [entry('a', { name: 'again' })]);
    updateIndex(repo, [entry('b', null)]);
    expect(readIndex(repo)).toEqual([entry('c'), entry('a', { name: 'again' })]);
    expect(readNewest(repo, 1).entries).toEqual([entry('a', { name: 'again' })]);
    expect(readNewest(repo, 9).entries).toEqual([entry('a', { name: 'again' }), entry('c')]);
  });

  test('damage is passed over, wherever it is', async () => {
    const { repo, file } = await makeIndex();
    updateIndex(repo, [entry('a')]);
    appendFileSync(file, '{"session":"torn","ti');
    updateIndex(repo, [entry('b')]);
    appendFileSync(file, 'null\n[]\n{"session":1}\n\0\0\0\n{"session":"half');
    expect(readIndex(repo).map(({ session }) => session)).toEqual(['a', 'b']);
    expect(readNewest(repo, 1).entries.map(({ session }) => session)).toEqual(['b']);
    writeFileSync(file, Buffer.alloc(4096, 0xff));
    expect(readIndex(repo)).toEqual([]);
    rmSync(file);
    updateIndex(repo, [entry('c')]);
    expect(readIndex(repo)).toEqual([entry('c')]);
  });

  test('the file stays in proportion to what is live', async () => {
    const { repo, file } = await makeIndex();
    const text = 'x'.repeat(200);
    for (let i = 0; i < 3000; i += 1) updateIndex(repo, [entry(`s${i % 20}`, { i, text })]);
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean).length;
    expect(lines).toBeLessThan(600);
    const left = readIndex(repo).map(({ summary }) => (summary as { i: number }).i);
    expect(left).toEqual(Array.from({ length: 20 }, (_, i) => 2980 + i));
  });

  test('processes that update at the same time lose no session', async () => {
    const { repo, file } = await makeIndex();
    const program = await bundle(`
      import { locateRepository } from './src/git/locate.ts';
      import { updateIndex } from './src/store/session-index.ts';
      const repo = await locateRepository(process.argv[2]!);
      for (let i = 0; i < 200; i += 1)
        updateIndex(repo, [{ session: process.argv[3] + i, tips: [], summary: { i } }]);
    `);
    const ran = await Promise.all(
      ['a', 'b', 'c'].map((name) => exec(repo.root, process.execPath, [program, repo.root, name])),
    );
    expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(readIndex(repo)).toHaveLength(600);
    expect(readFileSync(file, 'utf8').split('\n').filter(Boolean)).toHaveLength(600);
  });

  test('is read from its end in pieces, whatever the lengths of its lines, and no further than asked', async () => {
    const { repo } = await makeIndex();
    const lengths = [1, 70_000, 3, 65_536, 65_535, 200_000, 10, 64];
    const names = lengths.map((length, at) => `s${at}${'x'.repeat(length)}`);
    for (const name of names) updateIndex(repo, [entry(name)]);
    for (let count = 0; count <= names.length + 1; count++) {
      const { entries, isSound } = readNewest(repo, count);
      expect([entries.map(({ session }) => session), isSound]).toEqual([[...names].reverse().slice(0, count), true]);
    }
    const asked: string[] = [];
    const wanted = readNewest(repo, 1, ({ session }) => asked.push(session) === 2);
    expect([wanted.entries[0]!.session, asked.length]).toEqual([names.at(-2), 2]);
  });
});
