import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { locateRepository } from '../../../src/git/locate.ts';
import { readArchives } from '../../../src/store/archive/archives.ts';
import { encodePacked, type Packed } from '../../../src/store/archive/contents.ts';
import { archivesFile } from '../../../src/store/layout.ts';
import { git, makeRepo, sh } from '../../support/repo.ts';

describe('what the archives here hold', () => {
  let dir = '';
  let head = '';
  const packed = (ref: string, lastSeq: number, over: Partial<Packed> = {}): Packed => {
    const isCode = ref.startsWith('refs/amp/code/');
    return {
      ref,
      commit: head,
      tip: head,
      lastSeq,
      head: isCode ? '' : 'f00',
      at: '2026-11-01T00:00:00.000Z',
      ...over,
    };
  };
  const put = async (ref: string, text: string): Promise<void> => {
    const file = join(dir, '.git', 'list');
    writeFileSync(file, text);
    const blob = await git(dir, 'hash-object', '-w', file);
    const tree = (await sh(dir, `printf '100644 blob ${blob}\\tcontents.ndjson\\n' | git mktree`)).stdout.trim();
    await git(dir, 'update-ref', ref, await git(dir, 'commit-tree', tree, '-m', 'archive'));
  };
  /** As another process sees it. */
  const read = async (kind: 'log' | 'code' = 'log') => readArchives(await locateRepository(dir), kind);
  const cache = async (kind: 'log' | 'code' = 'log') => archivesFile(await locateRepository(dir), kind);
  const refs = async (kind: 'log' | 'code' = 'log') =>
    (await read(kind)).all().map(({ ref, archive }) => [ref, archive]);
  const ONE = 'refs/amp/archive/w1/2026-11';
  const TWO = 'refs/amp/archive/w2/2026-11';
  const LANE = 'refs/amp/sessions/s1/w1';

  beforeAll(async () => {
    dir = await makeRepo();
    head = await git(dir, 'rev-parse', 'HEAD');
  });

  it('is nothing, and leaves no cache, where there are none', async () => {
    expect(await refs()).toEqual([]);
    expect(existsSync(await cache())).toBe(false);
  });

  it('is what their lists say: whole, in order, and of lines that are none nothing', async () => {
    const early = packed(LANE, 3, { at: '2026-10-01T00:00:00.000Z' });
    const lines = [encodePacked(packed(LANE, 9)), 'nonsense\n', '{"ref":"refs/amp/x"}\n', encodePacked(early)];
    await put(ONE, lines.join(''));
    const archives = await read();
    expect(archives.of(LANE)).toEqual([
      { ...early, archive: ONE },
      { ...packed(LANE, 9), archive: ONE },
    ]);
    expect(archives.ends('sessions/s1').get(LANE)?.lastSeq).toBe(9);
    expect([archives.of('refs/amp/sessions/s1/w'), archives.unreadable]).toEqual([[], []]);
  });

  it('nobody speaks for another writer, and logs and code are told apart', async () => {
    await put(
      TWO,
      [LANE, 'refs/amp/sessions/s2/w2', 'refs/amp/code/s2/w2'].map((ref) => encodePacked(packed(ref, 0))).join(''),
    );
    expect(await refs()).toEqual([
      [LANE, ONE],
      [LANE, ONE],
      ['refs/amp/sessions/s2/w2', TWO],
    ]);
    expect(await refs('code')).toEqual([]);
    const code = 'refs/amp/code-archive/w2/2026-11';
    await put(code, encodePacked(packed('refs/amp/code/s2/w2', 0)) + encodePacked(packed('refs/amp/code/s2/w1', 0)));
    const [only, ...more] = (await read('code')).all();
    expect([only, more]).toEqual([{ ...packed('refs/amp/code/s2/w2', 0), archive: code }, []]);
  });

  it('the cache is used for just these refs, and made again for others', async () => {
    const file = await cache();
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('sessions/s2', 'sessions/s9'));
    expect((await refs()).at(-1)).toEqual(['refs/amp/sessions/s9/w2', TWO]);
    await put(TWO, encodePacked(packed('refs/amp/sessions/s3/w2', 1)));
    expect((await refs()).at(-1)).toEqual(['refs/amp/sessions/s3/w2', TWO]);
    expect(readFileSync(file, 'utf8')).not.toContain('s9');
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -9));
    expect((await refs()).at(-1)).toEqual(['refs/amp/sessions/s3/w2', TWO]);
  });

  it('one that cannot be read is named, the others count, and that is not remembered', async () => {
    const sound = await git(dir, 'rev-parse', ONE);
    const before = readFileSync(await cache(), 'utf8');
    await git(
      dir,
      'update-ref',
      ONE,
      await git(dir, 'commit-tree', await git(dir, 'rev-parse', 'HEAD^{tree}'), '-m', 'x'),
    );
    expect([(await read()).unreadable, (await refs()).length]).toEqual([[], 1]);
    await git(dir, 'tag', '-a', '-m', 'no commit', 'odd');
    writeFileSync(join(dir, '.git', ONE), `${await git(dir, 'rev-parse', 'odd')}\n`);
    const kept = readFileSync(await cache(), 'utf8');
    const archives = await read();
    expect([archives.unreadable, archives.all().map(({ ref }) => ref)]).toEqual([[ONE], ['refs/amp/sessions/s3/w2']]);
    expect(readFileSync(await cache(), 'utf8')).toBe(kept);
    await git(dir, 'update-ref', ONE, sound);
    expect((await refs()).length).toBe(3);
    expect(readFileSync(await cache(), 'utf8')).toBe(before);
  });
});
