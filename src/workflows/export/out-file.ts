import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { AppError, inShell } from '../../errors.ts';
import { isMissing, storeError, syncDir, writeAll } from '../../store/wal/files.ts';

/** Where an export goes. */
export interface Out {
  /** Waits for a slow reader. */
  write(bytes: string | Uint8Array): Promise<void>;
  /** A file that somebody else may write as a whole; what it holds at the end is the export. */
  whole(): string;
  /** @throws AppError interrupted */
  check(): void;
  readonly bytes: number;
}

export interface OutWish {
  /** Absolute; `-` is stdout. */
  path: string;
  force: boolean;
  clock: Clock;
  /** Ends the export; nothing stays behind. */
  signal?: AbortSignal;
  /** Writes what goes to stdout. */
  stdout(bytes: Uint8Array): Promise<void>;
  /** Folder for what has to be a file before it can go to stdout. */
  temporary: string;
}

const BUFFER = 256 * 1024;

const interrupted = (): AppError =>
  new AppError('interrupted', 'The export was interrupted; nothing of it stays behind.', {
    hint: 'Run it again.',
  });

/** Gathers small writes. */
abstract class Gathered implements Out {
  bytes = 0;
  #parts: Uint8Array[] = [];
  #size = 0;
  readonly #signal: AbortSignal | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  abstract whole(): string;
  protected abstract put(bytes: Uint8Array): Promise<void>;

  async write(bytes: string | Uint8Array): Promise<void> {
    const part = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size >= BUFFER) await this.drain();
  }

  async drain(): Promise<void> {
    this.check();
    const parts = this.#parts;
    this.#parts = [];
    this.bytes += this.#size;
    this.#size = 0;
    if (parts.length > 0) await this.put(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  }

  check(): void {
    if (this.#signal?.aborted) throw interrupted();
  }
}

/** What exists and is no plain file (a pipe, a device) is written to as it is. */
const isStream = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === false;

class ToStream extends Gathered {
  readonly #wish: OutWish;
  #file: string | undefined;

  constructor(wish: OutWish) {
    super(wish.signal);
    this.#wish = wish;
  }

  whole(): string {
    this.#file ??= join(this.#wish.temporary, `amp-sessions-export.${this.#wish.clock.newId()}`);
    return this.#file;
  }

  protected put(bytes: Uint8Array): Promise<void> {
    return this.#wish.stdout(bytes);
  }

  async finish(): Promise<void> {
    await this.drain();
    if (this.#file === undefined) return;
    for await (const chunk of createReadStream(this.#file, { highWaterMark: BUFFER }))
      await this.write(chunk as Buffer);
    await this.drain();
  }

  dispose(): void {
    if (this.#file !== undefined) rmSync(this.#file, { force: true });
  }
}

/** Writes beside the file, which gets its name once all of it is on the disk. */
class ToFile extends Gathered {
  readonly #path: string;
  readonly #temporary: string;
  readonly #force: boolean;
  #fd: number | undefined;

  constructor(wish: OutWish) {
    super(wish.signal);
    this.#force = wish.force;
    this.#path = targetOf(wish.path);
    this.#temporary = join(dirname(this.#path), `.${basename(this.#path).slice(0, 100)}.${wish.clock.newId()}.tmp`);
    try {
      this.#fd = openSync(this.#temporary, 'wx');
    } catch (error) {
      throw this.error(error);
    }
    wish.signal?.addEventListener('abort', () => rmSync(this.#temporary, { force: true }), { once: true });
  }

  whole(): string {
    return this.#temporary;
  }

  protected async put(bytes: Uint8Array): Promise<void> {
    try {
      writeAll(this.#fd!, bytes);
    } catch (error) {
      throw this.error(error);
    }
  }

  async finish(): Promise<void> {
    await this.drain();
    try {
      this.#reopen();
      this.bytes = fstatSync(this.#fd!).size;
      fsyncSync(this.#fd!);
      this.dispose({ keep: true });
      this.check();
      this.#name();
      syncDir(dirname(this.#path));
    } catch (error) {
      throw this.error(error);
    }
  }

  /** Somebody else may have put another file in the place of the one that we opened. */
  #reopen(): void {
    closeSync(this.#fd!);
    this.#fd = undefined;
    this.#fd = openSync(this.#temporary, constants.O_RDWR);
  }

  dispose({ keep = false } = {}): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (!keep) rmSync(this.#temporary, { force: true });
  }

  #name(): void {
    if (!this.#force && this.#link()) rmSync(this.#temporary, { force: true });
    else renameSync(this.#temporary, this.#path);
  }

  /** A rename would take the place of a file that somebody has made meanwhile. False where there are no such links. */
  #link(): boolean {
    try {
      linkSync(this.#temporary, this.#path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(this.#path);
      return false;
    }
  }

  error(error: unknown): AppError {
    if (error instanceof AppError) return error;
    if (!isMissing(error)) return storeError(error, this.#path);
    this.check();
    return new AppError('file.missing', `There is no folder ${dirname(this.#path)}.`, {
      hint: `Make it: mkdir -p ${inShell(dirname(this.#path))}`,
    });
  }
}

/** A link stays one: what it leads to is written anew. */
const targetOf = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

const exists = (path: string): AppError =>
  new AppError('file.exists', `${path} is there already.`, {
    hint: 'Take another name, or --force to have it replaced.',
  });

const lookAt = (path: string) => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw storeError(error, path);
    throw new AppError('usage.invalid', `${path} is a longer name than files can have.`, {
      hint: 'Take a shorter one.',
    });
  }
};

/** @throws AppError file.exists, usage.invalid, store.readonly, store.io */
const refuse = ({ path, force }: OutWish): void => {
  const found = lookAt(path);
  if (found?.isDirectory()) throw new AppError('usage.invalid', `${path} is a folder.`, { hint: 'Name a file in it.' });
  if (found?.isFile() && !force) throw exists(path);
};

/** A device or a pipe that was named. */
const toDevice = (wish: OutWish): OutWish => {
  let fd: number;
  try {
    fd = openSync(wish.path, constants.O_WRONLY);
  } catch (error) {
    throw storeError(error, wish.path);
  }
  const stdout = async (bytes: Uint8Array): Promise<void> => {
    try {
      writeAll(fd, bytes);
    } catch (error) {
      throw storeError(error, wish.path);
    }
  };
  return { ...wish, stdout };
};

/**
 * Gives a verb something to write to. A file has its name only when it is whole and on the disk; what fails, or is
 * interrupted, leaves nothing.
 * @throws AppError file.exists, file.missing, usage.invalid, store.full, store.readonly, store.io, interrupted
 */
export const withOut = async <T>(wish: OutWish, work: (out: Out) => Promise<T>): Promise<T> => {
  if (wish.path !== '-') refuse(wish);
  const out =
    wish.path === '-' ? new ToStream(wish) : isStream(wish.path) ? new ToStream(toDevice(wish)) : new ToFile(wish);
  try {
    const result = await work(out);
    await out.finish();
    return result;
  } finally {
    out.dispose();
  }
};
