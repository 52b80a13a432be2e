import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { lstatIfAny, readTextIfAny, replaceFile } from './files.ts';
import { git } from './git.ts';
import { branchRef } from './ids.ts';
import { indexOf, readIndex } from './index-file.ts';
import { onDisk } from './paths.ts';
import type { Repository, Worktree } from './repository.ts';
import { createAdmin, findAdmin } from './worktree-admin.ts';
import { linkText, readGitFile, sessionWorktree } from './worktree-link.ts';

const blocked = (message: string, hint: string): AppError => new AppError('worktree.blocked', message, { hint });

const real = (path: string): string => {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
};

/** The worktree that an administrative folder speaks of, when that speaks of it too. */
const liveWorktreeOf = (admin: string): string | undefined => {
  const entry = readTextIfAny(join(admin, 'gitdir'))?.trim();
  if (entry === undefined || !lstatIfAny(entry)?.isFile()) return undefined;
  const back = readGitFile(entry);
  return back !== undefined && real(back) === real(admin) ? dirname(entry) : undefined;
};

const adminsOf = (repo: Repository): string[] => {
  const folder = join(repo.commonDir, 'worktrees');
  return lstatIfAny(folder)?.isDirectory() ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

/** The administrative folder that a worktree had before the repository, or the worktree, was moved or copied. */
const formerAdmin = (repo: Repository, path: string, ref: string): string | undefined => {
  const free = adminsOf(repo).filter((admin) => {
    const live = liveWorktreeOf(admin);
    return live === undefined || real(live) === real(path) || !live.startsWith(`${repo.root}/`);
  });
  const former = basename(readGitFile(join(path, '.git')) ?? '');
  const isOf = (admin: string): boolean =>
    basename(dirname(readTextIfAny(join(admin, 'gitdir'))?.trim() ?? '')) === basename(path);
  return (
    free.find((admin) => basename(admin) === former && isOf(admin)) ??
    free.find((admin) => readTextIfAny(join(admin, 'HEAD'))?.trim() === `ref: ${ref}` && isOf(admin))
  );
};

const assertOurs = (repo: Repository, path: string): void => {
  const stat = lstatIfAny(path);
  if (!stat?.isDirectory()) throw blocked(`${path} is no folder.`, 'Move it away; nothing was read through it.');
  const link = lstatIfAny(join(path, '.git'));
  if (link && !link.isFile())
    throw blocked(
      `${join(path, '.git')} is no file that links a worktree.`,
      `Look at it, then move it out of ${path}.`,
    );
  const target = readGitFile(join(path, '.git'));
  const isElsewhere = target !== undefined && dirname(real(target)) !== join(repo.commonDir, 'worktrees');
  if (isElsewhere && real(liveWorktreeOf(target) ?? '') === real(path))
    throw blocked(`The worktree ${path} belongs to another repository: ${target}.`, 'Work with it from there.');
};

/** A folder without a `.git` file may be anything: it is a worktree when some of the files are there. */
const assertHasFiles = async (repo: Repository, path: string, admin: string | undefined): Promise<void> => {
  if (lstatIfAny(join(path, '.git'))) return;
  const entries = admin === undefined ? undefined : await readIndex(repo, { path, gitDir: admin });
  if (entries?.some((entry) => lstatIfAny(onDisk(path, entry.path)))) return;
  throw blocked(`${path} is another folder now: it has none of the worktree's files.`, 'Move it away.');
};

/**
 * Joins a worktree whose files are there with its repository again, at both ends: after the repository was moved or
 * copied, an end was changed, or git forgot the worktree. Files stay as they are, what is uncommitted too.
 * @throws AppError worktree.blocked when something else stands there, or it belongs to another repository
 */
export const relinkWorktree = async (
  repo: Repository,
  { path, branch }: { path: string; branch: string },
): Promise<Worktree> => {
  assertOurs(repo, path);
  const ref = branchRef(branch);
  const admin = findAdmin(repo, path) ?? formerAdmin(repo, path, ref);
  await assertHasFiles(repo, path, admin);
  if (admin === undefined && repo.refFormat !== 'files')
    throw blocked(`Git knows nothing of the worktree ${path} any more.`, 'Move its files away, then try again.');
  const gitDir = admin ?? createAdmin(repo, path, ref).gitDir;
  if (admin !== undefined) {
    replaceFile(join(gitDir, 'commondir'), '../..\n');
    replaceFile(join(gitDir, 'gitdir'), `${join(path, '.git')}\n`);
    replaceFile(join(path, '.git'), linkText(gitDir));
  }
  const worktree = await sessionWorktree(repo, path);
  if (!lstatIfAny(indexOf(worktree))) await git(repo, ['read-tree', 'HEAD'], { worktree });
  return worktree;
};
