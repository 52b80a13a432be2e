import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NotesTree } from '../../src/store/notes/notes-tree.ts';
import { BLOB_MODE, encodeTree, TREE_MODE } from '../../src/store/objects/encode.ts';
import { NewObjects, type ObjectType } from '../../src/store/objects/new-objects.ts';

/** Objects by name, as a repository would have them. */
const memory = () => {
  const objects = new Map<string, Buffer>();
  const sink = {
    async write(type: ObjectType, content: Buffer) {
      const id = createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
      objects.set(id, content);
      return id;
    },
    pack: () => Promise.resolve(Buffer.alloc(0)),
    dispose() {},
  };
  const read = async (id: string): Promise<Buffer> => {
    const content = objects.get(id);
    if (!content) throw new Error(`no object ${id}`);
    return content;
  };
  return { objects: new NewObjects(sink), read };
};

const commit = (seed: number): string => createHash('sha1').update(String(seed)).digest('hex');

/** A tree as git may have left it: each note at its own depth. */
const build = async (objects: NewObjects, notes: { id: string; text: string; depth: number }[]): Promise<string> => {
  const entries = [];
  const folders = new Map<string, typeof notes>();
  for (const note of notes) {
    const [name, rest] = [note.id.slice(0, 2), { ...note, id: note.id.slice(2), depth: note.depth - 1 }];
    if (note.depth > 0) folders.set(name, [...(folders.get(name) ?? []), rest]);
    else entries.push({ mode: BLOB_MODE, name: note.id, id: await objects.blob(Buffer.from(note.text)) });
  }
  for (const [name, inside] of folders) entries.push({ mode: TREE_MODE, name, id: await build(objects, inside) });
  return objects.tree(entries);
};

describe('NotesTree', () => {
  test('finds and changes notes at any depth, adds new ones, and leaves the others', async () => {
    const note = fc.record({ seed: fc.nat(30), depth: fc.nat(3) });
    const list = fc.uniqueArray(note, { selector: ({ seed }) => seed, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(list, fc.uniqueArray(fc.nat(40), { maxLength: 10 }), async (before, changes) => {
        const { objects, read } = memory();
        const notes = before.map(({ seed, depth }) => ({ id: commit(seed), text: `old ${seed}`, depth }));
        const root = notes.length === 0 ? null : await build(objects, notes);
        const tree = new NotesTree({ root, read, format: 'sha1' });
        for (const seed of changes) {
          const known = before.some((one) => one.seed === seed);
          expect((await tree.get(commit(seed)))?.toString()).toBe(known ? `old ${seed}` : undefined);
          await tree.set(commit(seed), Buffer.from(`new ${seed}`));
          expect((await tree.get(commit(seed)))?.toString()).toBe(`new ${seed}`);
        }
        const after = new NotesTree({ root: await tree.write(objects), read, format: 'sha1' });
        for (let seed = 0; seed <= 40; seed += 1) {
          const old = before.some((one) => one.seed === seed) ? `old ${seed}` : undefined;
          const expected = changes.includes(seed) ? `new ${seed}` : old;
          expect((await after.get(commit(seed)))?.toString()).toBe(expected);
        }
      }),
    );
  });

  test('writes only what is on the way to a change', async () => {
    const { objects, read } = memory();
    const notes = Array.from({ length: 300 }, (_, seed) => ({ id: commit(seed), text: `n${seed}`, depth: 1 }));
    const root = await build(objects, notes);
    const before = objects.count;
    const tree = new NotesTree({ root, read, format: 'sha1' });
    await tree.set(commit(7), Buffer.from('changed'));
    await tree.write(objects);
    expect(objects.count - before).toBe(3);
  });

  test('writing what did not change gives the same tree', async () => {
    const { objects, read } = memory();
    const root = await build(objects, [
      { id: commit(1), text: 'x', depth: 1 },
      { id: commit(2), text: 'y', depth: 0 },
    ]);
    const tree = new NotesTree({ root, read, format: 'sha1' });
    await tree.get(commit(1));
    expect(await tree.write(objects)).toBe(root);
  });

  test('other files in the tree stay', async () => {
    const { objects, read } = memory();
    const readme = await objects.blob(Buffer.from('hands off'));
    const root = await objects.tree([{ mode: '100755', name: 'README', id: readme }]);
    const tree = new NotesTree({ root, read, format: 'sha1' });
    await tree.set(commit(1), Buffer.from('note'));
    const written = await read(await tree.write(objects));
    expect(written.includes(encodeTree([{ mode: '100755', name: 'README', id: readme }]))).toBe(true);
  });
});
