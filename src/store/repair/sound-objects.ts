import { createHash } from 'node:crypto';
import { isAppError } from '../../errors.ts';
import { openCatFile } from '../../git/git.ts';
import type { Repository } from '../../git/repository.ts';

export interface SoundObject {
  type: string;
  bytes: Buffer;
}

/** Reads objects of one repository and believes only what their ids prove. */
export class SoundObjects {
  readonly repo: Repository;
  readonly #reader: ReturnType<typeof openCatFile>;

  constructor(repo: Repository) {
    this.repo = repo;
    this.#reader = openCatFile(repo);
  }

  /** Undefined when it is missing, cannot be read, or is not what its id says. */
  async object(id: string): Promise<SoundObject | undefined> {
    try {
      const object = await this.#reader.object(id);
      return object && this.#idOf(object) === id ? object : undefined;
    } catch (error) {
      if (isAppError(error, 'git.failed')) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#reader.close();
  }

  #idOf({ type, bytes }: SoundObject): string {
    return createHash(this.repo.objectFormat).update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
  }
}

/** Somebody who may have what is missing here. */
export interface ObjectSource {
  /** For people. */
  label: string;
  objects: SoundObjects;
}

/** Objects from here, or else from others; remembers what came from whom. */
export class UnitedObjects {
  readonly taken = new Map<string, ObjectSource>();
  /** Ids that nobody has. */
  readonly missing = new Set<string>();
  readonly #ours: SoundObjects;
  readonly #others: ObjectSource[];

  constructor(ours: SoundObjects, others: ObjectSource[]) {
    this.#ours = ours;
    this.#others = others;
  }

  async object(id: string): Promise<SoundObject | undefined> {
    const known = this.taken.get(id);
    const own = known ? undefined : await this.#ours.object(id);
    if (own) return own;
    for (const source of known ? [known] : this.#others) {
      const object = await source.objects.object(id);
      if (!object) continue;
      this.taken.set(id, source);
      return object;
    }
    this.missing.add(id);
    return undefined;
  }
}
