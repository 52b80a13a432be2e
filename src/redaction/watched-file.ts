import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';

/** File systems stamp by the tick: what was written within one tick of the last look has the same stamp. */
const YOUNG_MS = 50;

const stampOf = (path: string): string | null => {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
  } catch {
    return null;
  }
};

/** Tells whether something on the disk may have changed since it was looked at last. */
class Stamp {
  readonly #path: string;
  #stamp: string | null | undefined;
  #since = 0;

  constructor(path: string) {
    this.#path = path;
  }

  isChanged(now: number): boolean {
    const stamp = stampOf(this.#path);
    if (stamp !== this.#stamp) {
      this.#stamp = stamp;
      this.#since = now;
      return true;
    }
    return stamp !== null && now - this.#since < YOUNG_MS;
  }
}

/** Never waits: a pipe or a device in the place of a file is none. */
export const readPlainFile = (path: string, maxBytes: number): string | null => {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile() || size > maxBytes) return null;
    const bytes = Buffer.alloc(size);
    let read = 0;
    for (let got = -1; got !== 0 && read < size; read += got) got = readSync(fd, bytes, read, size - read, read);
    return bytes.toString('utf8', 0, read);
  } catch {
    return null;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

/** A file whose text is asked for again and again. */
export class WatchedFile {
  readonly path: string;
  readonly #stamp: Stamp;
  readonly #maxBytes: number;
  #text: string | null = null;

  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.#stamp = new Stamp(path);
    this.#maxBytes = maxBytes;
  }

  /** The text when it is another than the last time; null when there is none, or it is the same. */
  news(now: number): string | null {
    if (!this.#stamp.isChanged(now)) return null;
    const text = readPlainFile(this.path, this.#maxBytes);
    if (text === this.#text) return null;
    this.#text = text;
    return text;
  }
}

/** The names in a folder that fit. */
export class WatchedFolder {
  readonly path: string;
  readonly #stamp: Stamp;
  readonly #fits: (name: string) => boolean;
  #names: string[] = [];

  constructor(path: string, fits: (name: string) => boolean) {
    this.path = path;
    this.#stamp = new Stamp(path);
    this.#fits = fits;
  }

  names(now: number): string[] {
    if (this.#stamp.isChanged(now)) this.#names = this.#list();
    return this.#names;
  }

  #list(): string[] {
    try {
      return readdirSync(this.path).filter(this.#fits);
    } catch {
      return [];
    }
  }
}
