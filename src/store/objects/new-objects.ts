import type { Repository } from '../../git/repository.ts';
import { type CommitFields, encodeCommit, encodeTree, type TreeEntry } from './encode.ts';

export type ObjectType = 'blob' | 'tree' | 'commit';

/** Objects that are on their way into a repository as one pack. */
export interface ObjectSink {
  /** Returns the object's id. The repository does not see it before the pack is brought in. */
  write(type: ObjectType, content: Buffer): Promise<string>;
  /** All that was written, as one pack. */
  pack(): Promise<Buffer>;
  dispose(): void;
}

/** A sink that speaks in blobs, trees and commits. */
export class NewObjects {
  readonly #sink: ObjectSink;
  #count = 0;

  constructor(sink: ObjectSink) {
    this.#sink = sink;
  }

  /** How many objects were written. */
  get count(): number {
    return this.#count;
  }

  blob(content: Buffer): Promise<string> {
    return this.#write('blob', content);
  }

  tree(entries: TreeEntry[]): Promise<string> {
    return this.#write('tree', encodeTree(entries));
  }

  commit(fields: CommitFields): Promise<string> {
    return this.#write('commit', encodeCommit(fields));
  }

  /** A commit whose content was made elsewhere. */
  rawCommit(content: Buffer): Promise<string> {
    return this.#write('commit', content);
  }

  pack(): Promise<Buffer> {
    return this.#sink.pack();
  }

  dispose(): void {
    this.#sink.dispose();
  }

  #write(type: ObjectType, content: Buffer): Promise<string> {
    this.#count += 1;
    return this.#sink.write(type, content);
  }
}

/** isomorphic-git packs in memory; it knows no SHA-256, so git itself packs there, out of a private folder. */
export const newObjects = async (repo: Repository): Promise<NewObjects> =>
  new NewObjects(
    repo.objectFormat === 'sha1'
      ? await (await import('./memory-objects.ts')).memoryObjects()
      : (await import('./private-objects.ts')).privateObjects(repo),
  );
