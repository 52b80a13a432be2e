import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locateRepository } from '../../src/git/locate.ts';
import { indexFile } from '../../src/store/layout.ts';
import { type IndexEntry, readIndex, readNewest, updateIndex } from '../../src/store/session-index.ts';
import { bundle } from '../support/bundle.ts';
import { exec, makeRepo } from '../support/repo.ts';

const entry = (session: string, summary: unknown = { name: session }): IndexEntry => ({ session, tips: [], summary });

const makeIndex = async () => {
  const repo = await locateRepository(await makeRepo());
  return { repo, file: indexFile(repo) };
};

describe('the session index, damaged', () => {
  test('at every byte, cut or spoiled: the lines beside it are read, and the next update is', async () => {
    const { repo, file } = await makeIndex();
    const names = ['a', 'bä', 'c😀'];
    for (const name of names) updateIndex(repo, [entry(name)]);
    const whole = readFileSync(file);
    /** Which entry a byte belongs to. */
    const lineAt = (at: number): number => whole.subarray(0, at).toString('latin1').split('\n').length - 1;
    for (let at = 0; at < whole.length; at += 1) {
      writeFileSync(file, whole.subarray(0, at));
      const complete = whole.subarray(0, at).lastIndexOf(10);
      const left = names.filter((name) => whole.subarray(0, complete + 1).includes(`"${name}","tips"`));
      expect(readIndex(repo).map(({ session }) => session)).toEqual(left);
      expect(readNewest(repo, 9).entries.map(({ session }) => session)).toEqual([...left].reverse());
      updateIndex(repo, [entry('next')]);
      expect(readNewest(repo, 1).entries).toEqual([entry('next')]);
      expect(readIndex(repo).at(-1)).toEqual(entry('next'));

      const spoiled = Buffer.from(whole);
      spoiled[at] = 0;
      writeFileSync(file, spoiled);
      const read = readIndex(repo).map(({ session }) => session);
      const untouched = names.filter((_, line) => line < lineAt(at) || line > lineAt(at) + (whole[at] === 10 ? 1 : 0));
      expect(read).toEqual(expect.arrayContaining(untouched));
      expect(read.every((name) => names.includes(name))).toBe(true);
      expect(readNewest(repo, 9).entries.map(({ session }) => session)).toEqual([...read].reverse());
    }
  });

  test('whatever lies in the file, both ways of reading see the same, and neither throws', async () => {
    const { repo, file } = await makeIndex();
    updateIndex(repo, [entry('x')]);
    const line = fc.oneof(
      fc.record({
        session: fc.constantFrom('a', 'b', 'c'),
        tips: fc.constant([]),
        summary: fc.constantFrom(null, 1, {}),
      }),
      fc.constantFrom<unknown>(
        null,
        7,
        [],
        { session: 'a' },
        { session: 'a', tips: 3, summary: 1 },
        { tips: [], summary: 1 },
      ),
    );
    const text = fc.oneof(
      { weight: 5, arbitrary: line.map((value) => JSON.stringify(value)) },
      fc.constantFrom('', '{', '\0', '\r'),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), fc.boolean(), fc.nat(4), (lines, isWhole, count) => {
        writeFileSync(file, lines.join('\n') + (isWhole ? '\n' : ''));
        const all = readIndex(repo).reverse();
        expect(readNewest(repo, count).entries).toEqual(all.slice(0, count));
        expect(readNewest(repo, 99).entries).toEqual(all);
      }),
      { numRuns: 400 },
    );
  });

  test('two processes that rewrite it all the time leave a sound file with nothing but what they wrote', async () => {
    const { repo, file } = await makeIndex();
    const program = await bundle(`
      import { locateRepository } from './src/git/locate.ts';
      import { readIndex, updateIndex } from './src/store/session-index.ts';
      const [dir, name] = process.argv.slice(2);
      const repo = await locateRepository(dir!);
      const text = 'x'.repeat(700);
      let strange = 0;
      for (let i = 0; i < 1500; i += 1) {
        updateIndex(repo, [{ session: name! + (i % 5), tips: [['w', String(i)]], summary: { name, i, text } }]);
        if (i % 50 === 0) for (const { session, summary } of readIndex(repo))
          if (!session.startsWith((summary as any).name) || (summary as any).text !== text) strange += 1;
      }
      console.log(strange);
    `);
    const ran = await Promise.all(
      ['a', 'b'].map((name) => exec(repo.root, process.execPath, [program, repo.root, name])),
    );
    expect(ran.map(({ stdout, stderr }) => [stdout, stderr])).toEqual([
      ['0\n', ''],
      ['0\n', ''],
    ]);
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ summary: { text: 'x'.repeat(700) } });
    expect(lines.length).toBeLessThan(1000);
    expect(readdirSync(dirname(file))).toEqual(['sessions.ndjson']);
    for (const { session, summary } of readIndex(repo)) {
      const { i } = summary as { i: number };
      expect([i % 5, i < 1500]).toEqual([Number(session.slice(1)), true]);
    }
    updateIndex(repo, [entry('late')]);
    expect(readIndex(repo).at(-1)).toEqual(entry('late'));
  });

  test('what nobody outdated is not rewritten, however long the file', async () => {
    const { repo, file } = await makeIndex();
    const text = 'y'.repeat(2000);
    for (let i = 0; i < 120; i += 1) updateIndex(repo, [entry(`s${i}`, { text })]);
    expect(readFileSync(file, 'utf8').split('\n').filter(Boolean)).toHaveLength(120);
    for (let i = 0; i < 80; i += 1) updateIndex(repo, [entry('s0', { text, i })]);
    expect(readFileSync(file, 'utf8').split('\n').filter(Boolean)).toHaveLength(200);
    expect(readIndex(repo)).toHaveLength(120);
  });
});
