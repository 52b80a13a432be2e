import { BLOB_MODE, decodeTree, type ObjectFormat, TREE_MODE, type TreeEntry } from '../objects/encode.ts';
import type { NewObjects } from '../objects/new-objects.ts';

export type ReadObject = (id: string) => Promise<Buffer>;

interface Entry extends TreeEntry {
  /** Not written yet: the content of a note, or a changed folder. */
  note?: Buffer;
  folder?: Folder;
}

interface Folder {
  /** Loaded when first needed. */
  entries: Map<string, Entry> | undefined;
  id: string | null;
}

interface Place {
  folder: Folder;
  /** What of the commit's id is left below the folders on the way. */
  rest: string;
  entry: Entry | undefined;
  /** The folders above, with their entries. */
  path: { folder: Folder; name: string }[];
}

/** Nothing is left in it, nor in what is below. */
const isEmptied = ({ entries }: Folder): boolean =>
  entries !== undefined && [...entries.values()].every(({ id, folder }) => id === '' && folder && isEmptied(folder));

/**
 * The tree of a notes ref: each note's path is its commit's id, cut by slashes after any pairs of digits. Any such
 * fan-out is read, also a mixed one; a new note goes into one folder of two digits, an old one stays where it is.
 */
export class NotesTree {
  readonly #root: Folder;
  readonly #read: ReadObject;
  readonly #format: ObjectFormat;

  constructor({ root, read, format }: { root: string | null; read: ReadObject; format: ObjectFormat }) {
    this.#root = { id: root, entries: root === null ? new Map() : undefined };
    this.#read = read;
    this.#format = format;
  }

  async get(commit: string): Promise<Buffer | undefined> {
    const { entry } = await this.#find(commit);
    return entry && (entry.note ?? (await this.#read(entry.id)));
  }

  async set(commit: string, note: Buffer): Promise<void> {
    const place = await this.#find(commit);
    const isNew = place.entry === undefined && place.path.length === 0;
    const { folder, rest } = isNew ? this.#makeFolder(place) : place;
    folder.entries!.set(rest, { mode: place.entry?.mode ?? BLOB_MODE, name: rest, id: '', note });
    for (const { folder: parent, name } of place.path) parent.entries!.get(name)!.id = '';
  }

  /** Takes a commit's note away, if it has one. */
  async remove(commit: string): Promise<void> {
    const { entry, folder, rest, path } = await this.#find(commit);
    if (!entry) return;
    folder.entries!.delete(rest);
    for (const { folder: parent, name } of path) parent.entries!.get(name)!.id = '';
  }

  /** Writes what changed; returns the root tree's id. */
  write(objects: NewObjects): Promise<string> {
    return this.#write(this.#root, objects);
  }

  async #load(folder: Folder): Promise<Map<string, Entry>> {
    folder.entries ??= new Map(
      decodeTree(await this.#read(folder.id!), this.#format).map((entry) => [entry.name, entry]),
    );
    return folder.entries;
  }

  async #find(commit: string): Promise<Place> {
    const path: Place['path'] = [];
    let folder = this.#root;
    for (let rest = commit; ; rest = rest.slice(2)) {
      const entries = await this.#load(folder);
      const entry = entries.get(rest);
      if (entry) return { folder, rest, entry, path };
      const name = rest.slice(0, 2);
      const below = rest.length > 2 ? entries.get(name) : undefined;
      if (below?.mode !== TREE_MODE) return { folder, rest, entry: undefined, path };
      below.folder ??= { id: below.id, entries: undefined };
      path.push({ folder, name });
      folder = below.folder;
    }
  }

  #makeFolder({ folder, rest, path }: Place): { folder: Folder; rest: string } {
    const name = rest.slice(0, 2);
    const made: Folder = { id: null, entries: new Map() };
    folder.entries!.set(name, { mode: TREE_MODE, name, id: '', folder: made });
    path.push({ folder, name });
    return { folder: made, rest: rest.slice(2) };
  }

  async #write(folder: Folder, objects: NewObjects): Promise<string> {
    const entries = await this.#load(folder);
    for (const [name, entry] of entries) {
      if (entry.id !== '') continue;
      if (entry.folder && isEmptied(entry.folder)) {
        entries.delete(name);
        continue;
      }
      entry.id = entry.folder ? await this.#write(entry.folder, objects) : await objects.blob(entry.note!);
    }
    return objects.tree([...entries.values()]);
  }
}
