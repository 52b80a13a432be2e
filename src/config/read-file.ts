import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { AppError } from '../errors.ts';
import type { HomeDirs } from './paths.ts';

export const REPOSITORY_FILE = '.amp-sessions.yaml';
export const MAX_BYTES = 1 << 20;

export interface ConfigFile {
  path: string;
  bytes: Buffer;
  /** SHA-256 of the bytes, hex: what trust is given to. */
  sha256: string;
}

export const repositoryFile = (root: string): string => join(root, REPOSITORY_FILE);
export const userFile = (home: HomeDirs): string => join(home.config, 'config.yaml');

const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

const refuse = (path: string, why: string, hint: string): never => {
  throw new AppError('config.invalid', `${path} ${why}.`, { hint, details: { file: path } });
};

/** Opened so that neither a link put there meanwhile is followed nor a pipe blocks. */
const readBounded = (path: string, shown: string): Buffer => {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) refuse(shown, 'is not a file', 'Put a YAML file there, or nothing.');
    if (stat.size > MAX_BYTES) refuse(shown, `is larger than ${MAX_BYTES} bytes`, 'Settings need a few lines only.');
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
};

const describe = (path: string, bytes: Buffer): ConfigFile => ({
  path,
  bytes,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** What the name stands for, provided it lies in the repository. */
const insideRepository = (root: string, path: string): string => {
  if (!lstatSync(path).isSymbolicLink()) return path;
  const real = realpathSync(path);
  const way = relative(realpathSync(root), real);
  if (way === '..' || way.startsWith(`..${sep}`) || way === real)
    refuse(path, 'is a symbolic link that leaves the repository', 'Put the file itself there.');
  return real;
};

const unlessAbsent = (path: string, read: () => Buffer): ConfigFile | null => {
  try {
    return describe(path, read());
  } catch (error) {
    if (isAbsent(error)) return null;
    if (error instanceof AppError) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return refuse(path, `cannot be read (${reason})`, 'Check its permissions.');
  }
};

/**
 * The repository's own settings as bytes; null when it has none.
 * @throws AppError `config.invalid` for a link that leaves the repository, something that is no file, over 1 MiB
 */
export const readRepositoryFile = (root: string): ConfigFile | null => {
  const path = repositoryFile(root);
  return unlessAbsent(path, () => readBounded(insideRepository(root, path), path));
};

/** The user's settings as bytes; the file may be a link to anywhere (dotfiles often are). */
export const readUserFile = (home: HomeDirs): ConfigFile | null => {
  const path = userFile(home);
  return unlessAbsent(path, () => readBounded(realpathSync(path), path));
};
