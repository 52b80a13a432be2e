import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sessionLog } from '../../src/events/envelope.ts';
import { locateRepository } from '../../src/git/locate.ts';
import { codeRef, laneRef, tipsFile } from '../../src/store/layout.ts';
import { compactTips, readTips, recordTips } from '../../src/store/tips.ts';
import { git, makeRepo } from '../support/repo.ts';
import { gitPlace, messages, testClock } from './places.ts';

const LOG = sessionLog('s000000001');
const OTHER = sessionLog('s000000002');
const A = 'a'.repeat(40);
const B = 'b'.repeat(64);

const fileWith = async (text: string | Buffer) => {
  const repo = await locateRepository(await makeRepo());
  const file = tipsFile(repo, 'w');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return { repo, file };
};

const repository = makeRepo();
const torn = async (text: string) => {
  const repo = await locateRepository(await repository);
  mkdirSync(dirname(tipsFile(repo, 'w')), { recursive: true });
  writeFileSync(tipsFile(repo, 'w'), text);
  return { repo };
};

describe('the note of where our refs are', () => {
  test.each([
    ['nothing', '', []],
    [
      'both formats',
      `${A} refs/x\n${B} refs/y\n`,
      [
        ['refs/x', A],
        ['refs/y', B],
      ],
    ],
    ['the last line of a ref', `${A} refs/x\n${B} refs/x\n`, [['refs/x', B]]],
    ['forgotten', `${A} refs/x\n- refs/x\n`, []],
    ['forgotten and known again', `- refs/x\n${A} refs/x\n`, [['refs/x', A]]],
    ['a torn line', `${A} refs/x\n${A.slice(9)} refs/y\n${A}`, [['refs/x', A]]],
    ['a line torn in the ref’s name is another ref, as long as it is one', `${A} refs/x\n${B} refs`, [['refs/x', A]]],
    ['garbage', `\0\0\0\nrefs/x ${A}\n${A}  refs/x\n ${A} refs/x\n${A} heads/x\n${A.toUpperCase()} refs/x\n`, []],
    ['41 digits', `${A}a refs/x\n`, []],
    ['a space in the name', `${A} refs/x y\n`, []],
  ])('%s', async (_, text, tips) => {
    const { repo } = await fileWith(text);
    expect([...readTips(repo, 'w')]).toEqual(tips);
  });

  test('a line that was torn, anywhere, spoils none that is written after it', async () => {
    const line = `${A} refs/amp/sessions/x/w\n`;
    for (let end = 1; end < line.length; end += 1) {
      const { repo } = await torn(line.slice(0, end));
      recordTips(repo, { writer: 'w', changes: [{ ref: 'refs/y', id: A }] });
      const tips = readTips(repo, 'w');
      // Of a torn line nothing is left, or a ref that nobody asks for.
      expect([tips.get('refs/y'), tips.size]).toEqual([A, end > `${A} refs/`.length - 1 ? 2 : 1]);
    }
  });

  test('is rewritten when most of it is outdated, and only then', async () => {
    const { repo, file } = await fileWith('');
    const record = (count: number): void => {
      for (let i = 0; i < count; i += 1) recordTips(repo, { writer: 'w', changes: [{ ref: 'refs/x', id: A }] });
    };
    const compact = (): number => {
      compactTips(repo, { writer: 'w', clock: testClock() });
      return readFileSync(file, 'utf8').split('\n').length - 1;
    };
    record(66);
    expect(compact()).toBe(66);
    record(1);
    expect(compact()).toBe(1);
    appendFileSync(file, 'garbage\n'.repeat(100));
    recordTips(repo, {
      writer: 'w',
      changes: [
        { ref: 'refs/y', id: B },
        { ref: 'refs/x', id: null },
      ],
    });
    expect(compact()).toBe(1);
    expect([...readTips(repo, 'w')]).toEqual([['refs/y', B]]);
    expect([...readTips(repo, 'another')]).toEqual([]);
    compactTips(repo, { writer: 'another', clock: testClock() });
    expect(existsSync(tipsFile(repo, 'another'))).toBe(false);
  });
});

describe('a store whose note is damaged', () => {
  const prepare = async () => {
    const place = await gitPlace();
    const store = await place.open();
    const head = await git(place.dir, 'rev-parse', 'HEAD');
    for (const log of [LOG, OTHER]) {
      await store.append(log, messages(2));
      await store.flush(log, { code: [head] });
    }
    await store.close();
    return { place, file: tipsFile(place.repo, store.writer), writer: store.writer };
  };

  test.each([
    ['gone', (file: string) => rmSync(file)],
    ['empty', (file: string) => writeFileSync(file, '')],
    ['garbage', (file: string) => writeFileSync(file, Buffer.alloc(5000, 0xff))],
    ['torn', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -20))],
  ])('%s: nothing is lost, nothing is told, the next flush notes it anew', async (_, damage) => {
    const { place, file, writer } = await prepare();
    damage(file);
    const store = await place.open();
    expect((await store.logs()).map(({ log, lost }) => [log, lost])).toEqual([
      [LOG, undefined],
      [OTHER, undefined],
    ]);
    expect(await store.recover(LOG)).toEqual([]);
    const [added] = await store.append(LOG, messages(1, 3));
    expect(added!.seq).toBe(3);
    await store.flush(LOG);
    const ref = laneRef({ log: LOG, writer });
    expect(readTips(place.repo, writer).get(ref)).toBe(await git(place.dir, 'rev-parse', ref));
  });

  test('one log’s lost ref is told of that log alone, and the other is not touched by its recovery', async () => {
    const { place, writer } = await prepare();
    const [ref, other] = [laneRef({ log: LOG, writer }), laneRef({ log: OTHER, writer })];
    await git(place.dir, 'update-ref', '-d', ref);
    await git(place.dir, 'update-ref', '-d', other);
    await git(place.dir, 'pack-refs', '--all');
    const store = await place.open();
    expect((await store.logs()).map(({ log, lost }) => [log, lost])).toEqual([
      [LOG, true],
      [OTHER, true],
    ]);
    expect(await store.recover(OTHER)).toEqual([expect.stringContaining(`${other} was gone`)]);
    expect((await store.logs()).map(({ log, lost }) => [log, lost])).toEqual([
      [LOG, true],
      [OTHER, undefined],
    ]);
    expect(await git(place.dir, 'for-each-ref', '--format=%(refname)', ref)).toBe('');
    expect(await store.recover(LOG)).toEqual([expect.stringContaining(`${ref} was gone`)]);
    expect((await store.read(LOG)).events).toHaveLength(2);
  });

  test('a code ref moved back or elsewhere goes where it was, one moved on stays', async () => {
    const { place, writer } = await prepare();
    const ref = codeRef('s000000001', writer);
    const tip = await git(place.dir, 'rev-parse', ref);
    for (const to of [`${ref}^`, 'HEAD']) {
      await git(place.dir, 'update-ref', ref, to);
      expect(await (await place.open()).recover(LOG)).toEqual([expect.stringContaining(`put back to ${tip}`)]);
      expect(await git(place.dir, 'rev-parse', ref)).toBe(tip);
    }
    const further = await git(place.dir, 'commit-tree', '-p', tip, '-m', 'on', `${tip}^{tree}`);
    await git(place.dir, 'update-ref', ref, further);
    expect(await (await place.open()).recover(LOG)).toEqual([]);
    expect(await git(place.dir, 'rev-parse', ref)).toBe(further);
    expect(readTips(place.repo, writer).get(ref)).toBe(further);
  });
});
