import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Repository } from '../../git/repository.ts';
import { ampDir } from '../layout.ts';
import { ensureDir, isMissing, readIfThere, storeError, syncDir, writeAll } from './files.ts';

/** What a `writer` file says: an id, and the place it is good for. */
interface WriterFile {
  id: string;
  host: string;
  /** Where the repository lay, for a person to read. */
  path: string;
  /** Of this very file: a copied folder has other ones, a moved folder the same. */
  inode: string;
  /** Nanoseconds; equal to the change time where the file system keeps no birth time. */
  born: string;
}

const NAME = /^writer(\.\d+)?$/;

const parse = (bytes: Buffer | undefined): WriterFile | undefined => {
  try {
    const file = JSON.parse(bytes?.toString() ?? '') as WriterFile;
    return typeof file.id === 'string' && /^[A-Za-z0-9_-]+$/.test(file.id) ? file : undefined;
  } catch {
    return undefined;
  }
};

const isOurs = (path: string, file: WriterFile, host: string): boolean => {
  const stat = statSync(path, { bigint: true });
  const birthUnknown = stat.birthtimeNs === stat.ctimeNs;
  return (
    file.host === host && file.inode === String(stat.ino) && (birthUnknown || file.born === String(stat.birthtimeNs))
  );
};

/** `writer`, then `writer.1`, …: in a copied folder the old files stay as they are and the next free name is taken. */
const writerNames = (dir: string): string[] => {
  try {
    return readdirSync(dir).filter((name) => NAME.test(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw storeError(error, dir);
  }
};

/** The id that this clone, on this host, writes under; undefined before its first write. */
export const findWriter = (repo: Repository, host = hostname()): string | undefined => {
  const dir = ampDir(repo);
  for (const name of writerNames(dir).sort()) {
    const path = join(dir, name);
    const file = parse(readIfThere(path));
    if (file && isOurs(path, file, host)) return file.id;
  }
  return undefined;
};

/** Every id that this folder has written under, those from before it was copied or moved among them. */
export const localWriters = (repo: Repository): string[] => {
  const dir = ampDir(repo);
  return writerNames(dir).flatMap((name) => parse(readIfThere(join(dir, name)))?.id ?? []);
};

/**
 * Ids whose work is this folder's own: those that it has written under, also while its machine had another name, and
 * those of the folder that it replaces, brought back from a backup or moved to another disk: the worktrees of one place
 * on one machine belong to what is there now. A copy elsewhere has none of them: the original may still write under those.
 */
export const ownWriters = (repo: Repository, host = hostname()): string[] => {
  const dir = ampDir(repo);
  return writerNames(dir).flatMap((name) => {
    const path = join(dir, name);
    const file = parse(readIfThere(path));
    if (!file) return [];
    const isSamePlace = file.host === host && file.path === repo.commonDir;
    return isSamePlace || isOurs(path, file, file.host) ? [file.id] : [];
  });
};

/** A file that knows its own inode, complete before it gets its name. */
const writeCandidate = (path: string, file: Omit<WriterFile, 'inode' | 'born'>): void => {
  const fd = openSync(path, 'wx', 0o600);
  try {
    const stat = fstatSync(fd, { bigint: true });
    const content: WriterFile = { ...file, inode: String(stat.ino), born: String(stat.birthtimeNs) };
    writeAll(fd, Buffer.from(`${JSON.stringify(content)}\n`));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

export interface MintOptions {
  clock: Clock;
  /** The id to take, when one has to be made. */
  id?: string;
  /** Host name; for tests. */
  host?: string;
}

/**
 * The id this clone writes under, made at the first call. Safe between processes: a name is taken by `link`, which
 * succeeds for one of them only, and the others use what they then find.
 */
export const mintWriter = (repo: Repository, { clock, id = clock.newId(), host = hostname() }: MintOptions): string => {
  const dir = ampDir(repo);
  const known = findWriter(repo, host);
  if (known !== undefined) return known;
  const temporary = join(dir, `writer-${clock.newId()}.tmp`);
  try {
    ensureDir(dir);
    writeCandidate(temporary, { id, host, path: repo.commonDir });
    for (let n = 0; ; n += 1) {
      const path = join(dir, n === 0 ? 'writer' : `writer.${n}`);
      try {
        linkSync(temporary, path);
        syncDir(dir);
        return id;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const file = parse(readIfThere(path));
        if (file && isOurs(path, file, host)) return file.id;
      }
    }
  } catch (error) {
    throw storeError(error, dir);
  } finally {
    rmSync(temporary, { force: true });
  }
};
