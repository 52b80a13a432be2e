import type { ObjectReader } from '../notes/plan-notes.ts';
import { decodeCommit, decodeTree, type ObjectFormat, type TreeEntry } from '../objects/encode.ts';
import { CONTENTS, decodePacked, type Packed } from './contents.ts';

/** An archive as one of its commits has it. */
export interface ArchiveState {
  commit: string;
  /** The top of its tree. */
  tree: TreeEntry[];
  contents: Packed[];
}

export const readTree = async (reader: ObjectReader, id: string, format: ObjectFormat): Promise<TreeEntry[]> => {
  const object = await reader.object(id);
  if (object?.type !== 'tree') throw new Error(`${id} is no tree`);
  return decodeTree(object.bytes, format);
};

/** @throws Error when something of it is not there or not readable */
export const readArchive = async (
  reader: ObjectReader,
  commit: string,
  format: ObjectFormat,
): Promise<ArchiveState> => {
  const object = await reader.object(commit);
  if (object?.type !== 'commit') throw new Error(`${commit} is no commit`);
  const tree = await readTree(reader, decodeCommit(object.bytes).tree, format);
  const list = tree.find(({ name }) => name === CONTENTS);
  const bytes = list ? (await reader.object(list.id))?.bytes : Buffer.alloc(0);
  if (!bytes) throw new Error(`${CONTENTS} of ${commit} is missing`);
  const lines = bytes.toString('utf8').split('\n');
  return { commit, tree, contents: lines.flatMap((line) => decodePacked(line) ?? []) };
};
