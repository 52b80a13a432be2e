import { realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { AppError } from '../errors.ts';
import { type ConfigEntry, isTrue, lastValue, readPlainConfig } from './config-file.ts';
import { distrust } from './environment.ts';
import { lstatIfAny, readTextIfAny } from './files.ts';
import { assertOwner } from './ownership.ts';
import type { Repository, Worktree } from './repository.ts';
import { assertSupported, type Format, readFormat } from './repository-format.ts';
import { readGitFile } from './worktree-link.ts';

export { sessionWorktree } from './worktree-link.ts';

/** What a walk upwards finds: a git directory, and the checkout it was found in (null in a bare one). */
interface Found {
  gitDir: string;
  checkout: string | null;
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

const isGitDir = (path: string): boolean => {
  const head = lstatIfAny(join(path, 'HEAD'));
  if (!head) return false;
  if (lstatIfAny(join(path, 'commondir'))) return true;
  return isFolder(join(path, 'objects')) && isFolder(join(path, 'refs'));
};

const realFolder = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    throw new AppError('repository.missing', `The folder ${path} does not exist.`, {
      hint: 'Go into a repository, or name one that is there with -C.',
    });
  }
};

/** The folders at which git stops looking upwards, as the user's environment has them. */
const ceilings = (): Set<string> => {
  const named = (process.env['GIT_CEILING_DIRECTORIES'] ?? '').split(delimiter).filter(Boolean);
  return new Set(
    named.map((dir) => {
      try {
        return realpathSync(dir);
      } catch {
        return dir;
      }
    }),
  );
};

const lookIn = (dir: string): Found | undefined => {
  const entry = join(dir, '.git');
  const stat = statSync(entry, { throwIfNoEntry: false });
  if (stat?.isDirectory() && isGitDir(entry)) return { gitDir: realpathSync(entry), checkout: dir };
  if (stat?.isFile()) {
    const target = readGitFile(entry);
    if (target === undefined || !isGitDir(target)) throw brokenLink(entry);
    return { gitDir: realpathSync(target), checkout: dir };
  }
  return isGitDir(dir) ? { gitDir: dir, checkout: null } : undefined;
};

const walkUp = (start: string): Found => {
  const stops = ceilings();
  const device = statSync(start).dev;
  for (let dir = start; ; dir = dirname(dir)) {
    const found = lookIn(dir);
    if (found) return found;
    const parent = dirname(dir);
    if (parent === dir || stops.has(parent) || statSync(parent).dev !== device) break;
  }
  throw new AppError('repository.missing', `${start} is not in a git repository.`, {
    hint: 'Go into one, name one with -C, or make one with `git init`.',
  });
};

const brokenLink = (file: string): AppError =>
  new AppError('repository.unsafe', `${file} does not lead to a git directory that leads back to it.`, {
    hint: 'Was the repository moved? Run `amp-sessions doctor --fix` in its main checkout.',
  });

const samePath = (a: string, b: string): boolean => {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
};

/** The folder that all worktrees share, checked from both ends. */
const commonDirOf = (found: Found): string => {
  const named = readTextIfAny(join(found.gitDir, 'commondir'))?.trim();
  if (named === undefined) return found.gitDir;
  const commonDir = realFolder(resolve(found.gitDir, named));
  const back = readTextIfAny(join(found.gitDir, 'gitdir'))?.trim();
  const isAdmin = dirname(found.gitDir) === join(commonDir, 'worktrees');
  const isBack =
    found.checkout === null ||
    (back !== undefined && samePath(resolve(found.gitDir, back), join(found.checkout, '.git')));
  if (!isAdmin || !isBack || lstatIfAny(join(commonDir, 'commondir')))
    throw brokenLink(join(found.gitDir, 'commondir'));
  return commonDir;
};

const readEntries = (path: string): ConfigEntry[] => {
  const text = readTextIfAny(path) ?? '';
  // Of a file that is not plain only the settings matter that git itself writes into every repository, one a line.
  return (
    readPlainConfig(text) ??
    readPlainConfig(
      text
        .split('\n')
        .filter((line) => isPlainLine(line))
        .join('\n'),
    ) ??
    []
  );
};

const isPlainLine = (line: string): boolean => readPlainConfig(`[a]\n${line}`) !== undefined;

/** Top of the main checkout, or the bare repository itself. */
const rootOf = (commonDir: string, entries: ConfigEntry[], found: Found): string => {
  if (basename(commonDir) === '.git') return dirname(commonDir);
  const named = lastValue(entries, 'core', 'worktree');
  if (named !== undefined) {
    const root = resolve(commonDir, named);
    if (!samePath(readGitFile(join(root, '.git')) ?? '', commonDir)) throw brokenLink(join(commonDir, 'config'));
    return realpathSync(root);
  }
  return found.gitDir === commonDir && found.checkout !== null ? found.checkout : commonDir;
};

/** The checkout the user stands in, when the git directory found really is that checkout's. */
const hereOf = (found: Found, repository: { commonDir: string; root: string; bare: boolean }): Worktree | null => {
  if (found.gitDir !== repository.commonDir)
    return found.checkout === null ? null : { path: found.checkout, gitDir: found.gitDir };
  if (repository.bare) return null;
  if (found.checkout !== null && found.checkout !== repository.root) throw brokenLink(join(found.checkout, '.git'));
  return { path: repository.root, gitDir: repository.commonDir };
};

/**
 * Finds the repository that a folder belongs to, by reading files: git is not started, so that nothing a repository
 * says is believed before it was checked.
 * @throws AppError repository.missing, repository.unsafe (somebody else's, or links that do not lead back),
 *   repository.unsupported (a format that we do not know)
 */
export const locateRepository = async (dir: string): Promise<Repository> => {
  const found = walkUp(realFolder(dir));
  const commonDir = commonDirOf(found);
  const entries = [...readEntries(join(commonDir, 'config')), ...readEntries(join(commonDir, 'config.worktree'))];
  const format: Format = readFormat(entries);
  const root = rootOf(commonDir, entries, found);
  distrust([root, commonDir, ...(found.checkout === null ? [] : [found.checkout])]);
  await assertOwner({ gitDir: found.gitDir, commonDir, checkout: found.checkout });
  await assertSupported(format, root);
  const isMainCheckout = found.gitDir === commonDir && found.checkout !== null && basename(commonDir) !== '.git';
  const bare = !isMainCheckout && isTrue(lastValue(entries, 'core', 'bare'));
  const here = hereOf(found, { commonDir, root, bare });
  return { root, commonDir, bare, objectFormat: format.objectFormat, refFormat: format.refFormat, here };
};
