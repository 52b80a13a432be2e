import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Archives } from '../../../src/store/archive/archives.ts';
import { CONTENTS, type Packed } from '../../../src/store/archive/contents.ts';
import { folderOf, type Item, planLink, planWithout, type Workshop } from '../../../src/store/archive/links.ts';
import { readArchive } from '../../../src/store/archive/read-contents.ts';
import { BLOB_MODE, decodeCommit, decodeTree, TREE_MODE } from '../../../src/store/objects/encode.ts';
import { NewObjects } from '../../../src/store/objects/new-objects.ts';

const REF = 'refs/amp/archive/w1/2026-11';

/** Objects that can be read as soon as they are written. */
const shopOf = (): Workshop & { commits: () => number } => {
  const all = new Map<string, { type: string; bytes: Buffer }>();
  const objects = new NewObjects({
    async write(type, content) {
      const id = createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
      all.set(id, { type, bytes: content });
      return id;
    },
    pack: async () => Buffer.alloc(0),
    dispose() {},
  });
  return {
    objects,
    format: 'sha1',
    reader: { object: async (id) => all.get(id) },
    commits: () => [...all.values()].filter(({ type }) => type === 'commit').length,
  };
};

const itemOf = async (shop: Workshop, session: string, over: Partial<Packed> = {}): Promise<Item> => {
  const files = [
    { mode: BLOB_MODE, name: `events-0000000001-${session}.ndjson`, id: await shop.objects.blob(Buffer.from(session)) },
  ];
  const at = '2026-11-22T13:00:00.000Z';
  const commit = await shop.objects.commit({ tree: await shop.objects.tree(files), parents: [], at, message: session });
  const ref = `refs/amp/sessions/${session}/w1`;
  return { packed: { ref, commit, tip: '7'.repeat(40), lastSeq: 3, head: 'a'.repeat(64), at, ...over }, files };
};

const parentsOf = async (shop: Workshop, id: string): Promise<string[]> =>
  decodeCommit((await shop.reader.object(id))!.bytes).parents;

const foldersIn = async (shop: Workshop, tip: string): Promise<string[]> => {
  const { tree } = await readArchive(shop.reader, tip, 'sha1');
  const sessions = tree.find(({ name, mode }) => name === 'sessions' && mode === TREE_MODE);
  if (!sessions) return [];
  return decodeTree((await shop.reader.object(sessions.id))!.bytes, 'sha1').map(({ name }) => name);
};

describe('a link of an archive', () => {
  it('keeps what was packed behind it, lists it, and has a folder of it', async () => {
    const shop = shopOf();
    const [one, two] = [await itemOf(shop, 's1'), await itemOf(shop, 's2')];
    const tip = (await planLink(shop, { ref: REF, tip: null, items: [one, two] }))!;
    const [first, ...kept] = await parentsOf(shop, tip);
    expect(kept).toEqual([one.packed.commit, two.packed.commit]);
    expect(await parentsOf(shop, first!)).toEqual([]);
    const state = await readArchive(shop.reader, tip, 'sha1');
    expect(state.contents).toEqual([one.packed, two.packed]);
    expect(state.tree.map(({ name }) => name)).toEqual([CONTENTS, 'sessions']);
    expect(await foldersIn(shop, tip)).toEqual(['s1', 's2']);
  });

  it('adds to the one before, and adds nothing twice', async () => {
    const shop = shopOf();
    const [one, two] = [await itemOf(shop, 's1'), await itemOf(shop, 's2')];
    const tip = await planLink(shop, { ref: REF, tip: null, items: [one] });
    expect(await planLink(shop, { ref: REF, tip, items: [one] })).toBe(tip);
    const next = (await planLink(shop, { ref: REF, tip, items: [one, two] }))!;
    expect(await parentsOf(shop, next)).toEqual([tip, two.packed.commit]);
    expect(await foldersIn(shop, next)).toEqual(['s1', 's2']);
    const again = await itemOf(shop, 's1', { tip: '8'.repeat(40), lastSeq: 9 });
    const last = (await planLink(shop, { ref: REF, tip: next, items: [again] }))!;
    expect((await readArchive(shop.reader, last, 'sha1')).contents.map(({ lastSeq }) => lastSeq)).toEqual([3, 3, 9]);
    expect(await planLink(shop, { ref: REF, tip: null, items: [] })).toBeNull();
  });

  it('is the same in every clone', async () => {
    const [a, b] = [shopOf(), shopOf()];
    const make = async (shop: Workshop) => planLink(shop, { ref: REF, tip: null, items: [await itemOf(shop, 's1')] });
    expect(await make(a)).toBe(await make(b));
    const code = await planLink(a, {
      ref: 'refs/amp/code-archive/w1/2026-11',
      tip: null,
      items: [await itemOf(a, 's1')],
    });
    expect(code).not.toBe(await make(a));
  });
});

describe('an archive without a session', () => {
  const build = async (shop: Workshop, groups: string[][]): Promise<string> => {
    let tip: string | null = null;
    for (const group of groups)
      tip = await planLink(shop, { ref: REF, tip, items: await Promise.all(group.map((id) => itemOf(shop, id))) });
    return tip!;
  };
  const without = (shop: Workshop, tip: string, gone: string[]): Promise<string> =>
    planWithout(shop, { ref: REF, tip, isGone: ({ ref }) => gone.includes(folderOf(ref)[1]) });

  it('is as if it had never been there', async () => {
    const shop = shopOf();
    const tip = await build(shop, [['s1', 's2'], ['s3'], ['s4', 's5']]);
    expect(await without(shop, tip, ['s2', 's3'])).toBe(await build(shop, [['s1'], ['s4', 's5']]));
    expect(await without(shop, tip, ['s1', 's2', 's3'])).toBe(await build(shop, [['s4', 's5']]));
  });

  it('still keeps a commit that another session shares with the one that goes', async () => {
    const shop = shopOf();
    const one = await itemOf(shop, 's1');
    const { commit } = one.packed;
    const two = await itemOf(shop, 's2', { commit });
    for (const groups of [[[one, two]], [[one], [two]], [[two], [one]]]) {
      let tip: string | null = null;
      for (const items of groups) tip = await planLink(shop, { ref: REF, tip, items });
      const end = await without(shop, tip!, ['s1']);
      expect((await readArchive(shop.reader, end, 'sha1')).contents).toEqual([two.packed]);
      const [first, ...kept] = await parentsOf(shop, end);
      expect([kept, await parentsOf(shop, first!)]).toEqual([[commit], []]);
    }
  });

  it('does not change when it had none of it', async () => {
    const shop = shopOf();
    const tip = await build(shop, [['s1'], ['s2']]);
    const before = shop.commits();
    expect(await without(shop, tip, ['s9'])).toBe(tip);
    expect(shop.commits()).toBe(before);
  });

  it('keeps nothing at all when nothing is left', async () => {
    const shop = shopOf();
    const end = await without(shop, await build(shop, [['s1'], ['s2']]), ['s1', 's2']);
    expect(await parentsOf(shop, end)).toEqual([]);
    expect((await readArchive(shop.reader, end, 'sha1')).contents).toEqual([]);
    expect(await foldersIn(shop, end)).toEqual([]);
  });

  it('of an earlier end is followed by that of a later one', async () => {
    const shop = shopOf();
    const [early, late] = [await build(shop, [['s1', 's2']]), await build(shop, [['s1', 's2'], ['s3']])];
    const [cut, later] = [await without(shop, early, ['s2']), await without(shop, late, ['s2'])];
    expect((await parentsOf(shop, later))[0]).toBe(cut);
    expect(await without(shop, await without(shop, late, ['s2']), ['s1'])).toBe(
      await without(shop, late, ['s1', 's2']),
    );
  });

  it('cannot be told when a part of it is missing', async () => {
    const shop = shopOf();
    const tip = await build(shop, [['s1']]);
    const { tree } = decodeCommit((await shop.reader.object(tip))!.bytes);
    const broken = {
      ...shop,
      reader: { object: async (id: string) => (id === tree ? undefined : shop.reader.object(id)) },
    };
    await expect(without(broken, tip, ['s1'])).rejects.toThrow('is no tree');
    await expect(readArchive(shop.reader, 'f'.repeat(40), 'sha1')).rejects.toThrow('is no commit');
  });
});

describe('what all archives hold', () => {
  const line = (session: string, over: Partial<Packed> = {}, archive = REF): string => {
    const one = { commit: 'c1', tip: 't1', lastSeq: 3, head: 'h1', at: '2026', ...over };
    return `refs/amp/sessions/${session}/w1 ${one.commit} ${one.tip} ${one.lastSeq} ${one.head} ${one.at} ${archive}`;
  };
  const archives = new Archives(
    `\n${[line('s1', { lastSeq: 9, commit: 'c9' }), line('s10'), line('s1'), 'refs/amp/batches/s1/w1 c t 1 h a x'].join('\n')}\n`,
  );

  it('is found by the whole name of a ref, the fullest packing last', () => {
    expect(archives.of('refs/amp/sessions/s1/w1').map(({ lastSeq }) => lastSeq)).toEqual([3, 9]);
    expect(archives.of('refs/amp/sessions/s1/w')).toEqual([]);
    expect(archives.of('refs/amp/sessions/s/w1')).toEqual([]);
    expect(archives.of('refs/amp/sessions/s10/w1')).toEqual([
      { ref: 'refs/amp/sessions/s10/w1', commit: 'c1', tip: 't1', lastSeq: 3, head: 'h1', at: '2026', archive: REF },
    ]);
  });

  it('is told a log by a log, by its end', () => {
    expect([...archives.ends('sessions/s1')].map(([ref, { commit }]) => [ref, commit])).toEqual([
      ['refs/amp/sessions/s1/w1', 'c9'],
    ]);
    expect(archives.ends().size).toBe(3);
    expect(archives.ends('sessions/s2').size).toBe(0);
    expect(archives.all()).toHaveLength(4);
    expect(archives.all('refs/amp/batches/')).toHaveLength(1);
    expect(new Archives('\n').all()).toEqual([]);
  });
});
