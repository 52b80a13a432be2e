import type { ObjectReader } from '../notes/plan-notes.ts';
import { BLOB_MODE, decodeCommit, type ObjectFormat, TREE_MODE, type TreeEntry } from '../objects/encode.ts';
import type { NewObjects } from '../objects/new-objects.ts';
import { type ArchiveRef, parseArchiveRef } from './archive-refs.ts';
import { CONTENTS, encodePacked, type Packed } from './contents.ts';
import { type ArchiveState, readArchive, readTree } from './read-contents.ts';

/**
 * An archive is a chain of commits, one for each packing. First parent: the link before; the other parents: what was
 * packed, so that it stays reachable. The tree has the list of all that is in the archive, and a folder a session.
 */
export interface Item {
  packed: Packed;
  /** For the session's folder; none for code. */
  files: TreeEntry[];
}

export interface Workshop {
  reader: ObjectReader;
  objects: NewObjects;
  format: ObjectFormat;
}

const nameOf = (ref: string): ArchiveRef => {
  const name = parseArchiveRef(ref);
  if (!name) throw new Error(`not the name of an archive: ${ref}`);
  return name;
};

/** `refs/amp/sessions/<id>/<writer>` has its folder at `sessions/<id>`. */
export const folderOf = (ref: string): [kind: string, id: string] => {
  const [, , kind = '', id = ''] = ref.split('/');
  return [kind, id];
};

/** The chain begins with a link that keeps nothing, the same in every clone. */
const firstLink = async ({ objects }: Workshop, { kind, writer, month }: ArchiveRef): Promise<string> =>
  objects.commit({
    tree: await objects.tree([]),
    parents: [],
    at: `${month}-01T00:00:00.000Z`,
    message: `${kind === 'log' ? 'archive' : 'code archive'} of ${writer}, ${month}`,
  });

const entriesOf = async ({ reader, format }: Workshop, tree: TreeEntry[], name: string): Promise<TreeEntry[]> => {
  const found = tree.find((entry) => entry.name === name && entry.mode === TREE_MODE);
  return found ? readTree(reader, found.id, format) : [];
};

const replaced = (tree: TreeEntry[], entry: TreeEntry): TreeEntry[] => [
  ...tree.filter(({ name }) => name !== entry.name),
  entry,
];

/** The folders of an archive with some more files in them. */
const addFolders = async (shop: Workshop, top: TreeEntry[], items: Item[]): Promise<TreeEntry[]> => {
  let tree = top;
  const kinds = new Map<string, Item[]>();
  for (const item of items.filter(({ files }) => files.length > 0)) {
    const [kind] = folderOf(item.packed.ref);
    kinds.set(kind, [...(kinds.get(kind) ?? []), item]);
  }
  for (const [kind, mine] of kinds) {
    let folders = await entriesOf(shop, tree, kind);
    for (const { packed, files } of mine) {
      const [, id] = folderOf(packed.ref);
      let folder = await entriesOf(shop, folders, id);
      for (const file of files) folder = replaced(folder, file);
      folders = replaced(folders, { mode: TREE_MODE, name: id, id: await shop.objects.tree(folder) });
    }
    tree = replaced(tree, { mode: TREE_MODE, name: kind, id: await shop.objects.tree(folders) });
  }
  return tree;
};

const withContents = async ({ objects }: Workshop, tree: TreeEntry[], contents: Packed[]): Promise<string> => {
  const list = {
    mode: BLOB_MODE,
    name: CONTENTS,
    id: await objects.blob(Buffer.from(contents.map(encodePacked).join(''))),
  };
  return objects.tree(replaced(tree, list));
};

const latest = (packed: Packed[]): string => packed.reduce((most, { at }) => (at > most ? at : most), '');

const linkMessage = (packed: Packed[]): string =>
  `${packed.length} ${packed.length === 1 ? 'ref' : 'refs'} packed away\n\n${packed.map(({ ref }) => ref).join('\n')}`;

/** One packing of a ref. */
const keyOf = ({ ref, tip }: Packed): string => `${ref} ${tip}`;

/** Writes the link that adds some items to an archive; `tip` null begins it. What is in it already is left out. */
export const planLink = async (
  shop: Workshop,
  { ref, tip, items }: { ref: string; tip: string | null; items: Item[] },
): Promise<string | null> => {
  const before: ArchiveState | undefined = tip === null ? undefined : await readArchive(shop.reader, tip, shop.format);
  const has = new Set(before?.contents.map(keyOf));
  const fresh = items.filter(({ packed }) => !has.has(keyOf(packed)));
  if (fresh.length === 0) return tip;
  const packed = fresh.map((item) => item.packed);
  const tree = await addFolders(shop, before?.tree ?? [], fresh);
  return shop.objects.commit({
    tree: await withContents(shop, tree, [...(before?.contents ?? []), ...packed]),
    parents: [tip ?? (await firstLink(shop, nameOf(ref))), ...packed.map(({ commit }) => commit)],
    at: latest(packed),
    message: linkMessage(packed),
  });
};

/** The links of an archive, oldest first, without the one that keeps nothing. */
const linksOf = async ({ reader }: Workshop, tip: string): Promise<{ commit: string; kept: string[] }[]> => {
  const links: { commit: string; kept: string[] }[] = [];
  for (let at: string | undefined = tip; at !== undefined; ) {
    const object = await reader.object(at);
    if (object?.type !== 'commit') throw new Error(`${at} is no commit`);
    const [before, ...kept] = decodeCommit(object.bytes).parents;
    if (before !== undefined) links.push({ commit: at, kept });
    at = before;
  }
  return links.reverse();
};

const withoutFolders = async (shop: Workshop, top: TreeEntry[], gone: Packed[]): Promise<TreeEntry[]> => {
  let tree = top;
  const folders = gone.map(({ ref }) => folderOf(ref));
  for (const kind of new Set(folders.map(([one]) => one))) {
    const ids = new Set(folders.filter(([one]) => one === kind).map(([, id]) => id));
    const left = (await entriesOf(shop, tree, kind)).filter(({ name }) => !ids.has(name));
    tree = tree.filter(({ name }) => name !== kind);
    if (left.length > 0) tree.push({ mode: TREE_MODE, name: kind, id: await shop.objects.tree(left) });
  }
  return tree;
};

/**
 * The same archive as if some refs had never been packed into it: link by link, so that two clones that had different
 * ends of it come to ends that follow one another.
 * @returns the new end; `tip` when there was nothing to drop
 */
export const planWithout = async (
  shop: Workshop,
  { ref, tip, isGone }: { ref: string; tip: string; isGone(packed: Packed): boolean },
): Promise<string> => {
  if (!(await readArchive(shop.reader, tip, shop.format)).contents.some(isGone)) return tip;
  let end = await firstLink(shop, nameOf(ref));
  const before = new Set<string>();
  for (const { commit, kept } of await linksOf(shop, tip)) {
    const { tree, contents } = await readArchive(shop.reader, commit, shop.format);
    // Two refs may name one commit: what goes is a ref, not what it shares with another.
    const mine = contents.filter((one) => kept.includes(one.commit) && !isGone(one) && !before.has(keyOf(one)));
    for (const one of contents) before.add(keyOf(one));
    if (mine.length === 0) continue;
    const left = await withoutFolders(shop, tree, contents.filter(isGone));
    end = await shop.objects.commit({
      tree: await withContents(
        shop,
        left,
        contents.filter((one) => !isGone(one)),
      ),
      parents: [end, ...mine.map((one) => one.commit)],
      at: latest(mine),
      message: linkMessage(mine),
    });
  }
  return end;
};
