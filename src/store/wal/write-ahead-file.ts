import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { wholeLines } from '../lines.ts';
import { ensureDir, isMissing, readIfThere, replaceFile, storeError, sync, syncDir, writeAll } from './files.ts';

/** Which file of this name we know, and how long it is; null when there is none. */
export type Stamp = { inode: number; size: number } | null;

export const stampOf = (path: string): Stamp => {
  try {
    const { ino, size } = statSync(path);
    return { inode: ino, size };
  } catch (error) {
    // A link in a circle leads to no file either.
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ELOOP') return null;
    throw storeError(error, path);
  }
};

export const sameStamp = (a: Stamp, b: Stamp): boolean => a?.inode === b?.inode && a?.size === b?.size;

/** The file is not as we left it: another process wrote to it. What is known of the log must be read again. */
export class FileMoved extends Error {}

/** More than a flush leaves standing; of a file that is longer nothing is kept in memory. */
const MOST_KEPT = 8 * 1024 * 1024;

/**
 * One write-ahead file as its only writer sees it. Not safe against calls at the same time: the owner queues them.
 * Every failure leaves the file as it was before the call, or (when even that fails) unusable until it is read again.
 */
export class WriteAheadFile {
  readonly path: string;
  #stamp: Stamp;
  #fd: number | undefined;
  /** What the file has to say: an agent can reach the file, and not this. Undefined where it is too much. */
  #kept: Buffer[] | undefined;

  constructor(path: string, stamp: Stamp) {
    this.path = path;
    this.#stamp = stamp;
    if (this.size <= MOST_KEPT) this.#kept = this.size === 0 ? [] : [this.#bytes()];
  }

  get size(): number {
    return this.#stamp?.size ?? 0;
  }

  /** @throws FileMoved, AppError of the store */
  async append(bytes: Uint8Array, durable: boolean): Promise<void> {
    const fd = this.#open();
    const before = this.size;
    try {
      writeAll(fd, bytes);
      if (durable) await sync(fd);
    } catch (error) {
      this.#takeBack(fd, before);
      throw storeError(error, this.path);
    }
    this.#stamp = { inode: this.#stamp!.inode, size: before + bytes.length };
    if (this.size > MOST_KEPT) this.#kept = undefined;
    this.#kept?.push(Buffer.from(bytes));
  }

  /** Whether the file is another one than we left, by what can be seen from outside. */
  get isMoved(): boolean {
    return !sameStamp(this.#stamp, stampOf(this.path));
  }

  /**
   * Writes the file again where it is gone or says something else than we wrote; lines that another process added
   * stay. False where nothing is known of what it said, or nothing is missing.
   */
  mend(temporaryId: string): boolean {
    const kept = this.#joined();
    if (!kept || kept.length === 0 || this.#begins(kept)) return false;
    this.close();
    ensureDir(dirname(this.path));
    replaceFile(this.path, kept, `${this.path}.${temporaryId}.tmp`);
    this.#stamp = stampOf(this.path);
    return true;
  }

  /** The first complete lines, at most `limit` bytes of them (one line at least). */
  head(limit: number): Buffer {
    const bytes = this.#joined() ?? this.#bytes();
    const end = wholeLines(bytes, limit) || bytes.indexOf(10) + 1;
    return bytes.subarray(0, end);
  }

  /** Takes away the first `length` bytes. A reader sees the file before or after, never between. */
  cut(length: number, temporaryId: string): void {
    if (this.#stamp === null || length === 0) return;
    try {
      const rest = this.#rest(length);
      this.close();
      if (rest.length === 0) {
        rmSync(this.path, { force: true });
        syncDir(dirname(this.path));
      } else replaceFile(this.path, rest, `${this.path}.${temporaryId}.tmp`);
      this.#kept = rest.length <= MOST_KEPT ? [rest] : undefined;
    } catch (error) {
      throw storeError(error, this.path);
    }
    this.#stamp = stampOf(this.path);
  }

  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    closeSync(fd);
  }

  #open(): number {
    if (!sameStamp(this.#stamp, stampOf(this.path))) {
      this.close();
      throw new FileMoved(this.path);
    }
    if (this.#fd !== undefined) return this.#fd;
    try {
      this.#fd = this.#stamp === null ? this.#create() : openSync(this.path, 'a');
      const { ino, size } = fstatSync(this.#fd);
      this.#stamp = { inode: ino, size };
      return this.#fd;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new FileMoved(this.path);
      throw storeError(error, this.path);
    }
  }

  #create(): number {
    ensureDir(dirname(this.path));
    const fd = openSync(this.path, 'ax', 0o600);
    syncDir(dirname(this.path));
    return fd;
  }

  #bytes(): Buffer {
    return readIfThere(this.path)?.subarray(0, this.size) ?? Buffer.alloc(0);
  }

  #joined(): Buffer | undefined {
    if (this.#kept && this.#kept.length > 1) this.#kept = [Buffer.concat(this.#kept)];
    return this.#kept && (this.#kept[0] ?? Buffer.alloc(0));
  }

  /** Whatever stands there by now: what is no file is not opened, and of a huge one no more is read than counts. */
  #begins(kept: Buffer): boolean {
    if ((stampOf(this.path)?.size ?? -1) < kept.length || !statSync(this.path).isFile()) return false;
    return this.#part(0, kept.length).equals(kept);
  }

  #rest(from: number): Buffer {
    return this.#joined()?.subarray(from) ?? this.#part(from, this.size);
  }

  #part(from: number, to: number): Buffer {
    const part = Buffer.alloc(to - from);
    const fd = openSync(this.path, 'r');
    try {
      for (let done = 0; done < part.length; ) {
        const got = readSync(fd, part, done, part.length - done, from + done);
        if (got === 0) throw new FileMoved(this.path);
        done += got;
      }
    } finally {
      closeSync(fd);
    }
    return part;
  }

  /** After a failed fsync the same descriptor must not be trusted again, so it goes in any case. */
  #takeBack(fd: number, size: number): void {
    try {
      ftruncateSync(fd, size);
    } catch {
      // The file stays longer than we know, so the next append finds it moved and reads it again.
    }
    this.#fd = undefined;
    closeSync(fd);
  }
}
