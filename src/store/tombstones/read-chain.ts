import { eachLine } from '../lines.ts';
import type { ObjectReader } from '../notes/plan-notes.ts';
import { BLOB_MODE, decodeCommit, decodeTree, type ObjectFormat, type TreeEntry } from '../objects/encode.ts';
import { keyOf, parseTombstone, type Tombstone } from './tombstone-lines.ts';

export interface TombstoneFile extends TreeEntry {
  /** Undefined: it is damaged. */
  bytes: Buffer | undefined;
}

/** What one writer's chain says. */
export interface ChainReading {
  tombstones: Tombstone[];
  /** The files of the newest commit. */
  files: TombstoneFile[];
  /** What could not be read, one sentence each. */
  problems: string[];
}

const bytesOf = async (reader: ObjectReader, id: string, type: string): Promise<Buffer | undefined> => {
  const object = await reader.object(id).catch(() => undefined);
  return object?.type === type ? object.bytes : undefined;
};

/** Half a tree object must not throw. */
const entriesOf = (tree: Buffer | undefined, format: ObjectFormat): TreeEntry[] | undefined => {
  const width = format === 'sha1' ? 40 : 64;
  const entries = tree && decodeTree(tree, format);
  return entries?.every(({ mode, id }) => mode === BLOB_MODE && id.length === width) ? entries : undefined;
};

/** Earlier commits that are looked through for what the newest has lost. */
const DEPTH = 1000;

class Chain {
  readonly found = new Map<string, Tombstone>();
  readonly problems: string[] = [];
  readonly #reader: ObjectReader;
  readonly #ref: string;
  readonly #format: ObjectFormat;

  constructor(reader: ObjectReader, ref: string, format: ObjectFormat) {
    this.#reader = reader;
    this.#ref = ref;
    this.#format = format;
  }

  /** The files and the parent of one commit; no parent where the commit cannot be read. */
  async look(commit: string): Promise<{ files: TombstoneFile[]; parent: string | undefined }> {
    const fields = await bytesOf(this.#reader, commit, 'commit');
    if (!fields) return this.#damaged(`commit ${commit}`, undefined);
    const { tree, parents } = decodeCommit(fields);
    const entries = entriesOf(await bytesOf(this.#reader, tree, 'tree'), this.#format);
    if (!entries) return this.#damaged(`tree ${tree}`, parents[0]);
    const files: TombstoneFile[] = [];
    for (const entry of entries) files.push({ ...entry, bytes: await this.#file(entry) });
    return { files, parent: parents[0] };
  }

  #damaged(what: string, parent: string | undefined) {
    this.problems.push(`${what} of ${this.#ref} is damaged or missing`);
    return { files: [], parent };
  }

  async #file({ id, name }: TreeEntry): Promise<Buffer | undefined> {
    const bytes = await bytesOf(this.#reader, id, 'blob');
    if (!bytes) {
      this.#damaged(name, undefined);
      return undefined;
    }
    let bad = 0;
    const end = eachLine(bytes, (line) => {
      const tombstone = line === undefined ? 'damaged' : parseTombstone(line);
      if (tombstone === 'damaged') bad += 1;
      else if (tombstone !== 'unknown') this.found.set(keyOf(tombstone), tombstone);
    });
    if (end < bytes.length) bad += 1;
    if (bad > 0) this.problems.push(`${bad} line${bad === 1 ? '' : 's'} of ${name} in ${this.#ref} cannot be read`);
    return bytes;
  }
}

/**
 * Reads one writer's tombstones from the newest commit, which has them all. Where it is damaged, what earlier ones
 * still have counts: nothing that was forgotten comes back because a disk is bad.
 */
export const readChain = async (
  reader: ObjectReader,
  { ref, tip, format }: { ref: string; tip: string; format: ObjectFormat },
): Promise<ChainReading> => {
  const chain = new Chain(reader, ref, format);
  const newest = await chain.look(tip);
  const problems = [...chain.problems];
  let { parent } = newest;
  for (let depth = 0; problems.length > 0 && parent !== undefined && depth < DEPTH; depth += 1)
    ({ parent } = await chain.look(parent));
  return { tombstones: [...chain.found.values()], files: newest.files, problems };
};
