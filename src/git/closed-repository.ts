import { constants, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { errorCode, readTextIfAny } from './files.ts';
import { git } from './git.ts';
import { hasCommit } from './has-commit.ts';
import { assertId } from './ids.ts';
import { locateRepository } from './locate.ts';
import type { Repository } from './repository.ts';

export interface ClosedRepositoryOptions {
  /** Where the history is. */
  from: Repository;
  /** Id of the commit at which the new repository ends. */
  commit: string;
  /** Where it comes to stand: a folder that is missing or empty. */
  dir: string;
  /** Folder for packs, one a commit: what was packed once is copied from then on. */
  seeds: string;
  /** Its only branch; default `main`. */
  branch?: string;
}

const OFF: [string, string][] = [['core.logAllRefUpdates', 'false']];

const missingCommit = (from: Repository, commit: string): AppError =>
  new AppError('case.missing', `${from.root} has no commit ${commit}.`, {
    hint: `Fetch it there: \`git -C <folder> fetch origin ${commit}\`.`,
  });

/** A seed is in its place as a whole or not at all: whoever comes second takes the first one's. */
const settle = (draft: string, place: string): void => {
  try {
    renameSync(draft, place);
  } catch (error) {
    if (!['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(errorCode(error)) || !existsSync(place)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
};

/**
 * The pack of a commit and of all that leads to it, and of nothing else: not of what came later, nor of other branches.
 * @returns its folder
 */
const seedOf = async ({ from, commit, seeds }: ClosedRepositoryOptions): Promise<string> => {
  const place = join(seeds, commit);
  if (existsSync(place)) return place;
  mkdirSync(seeds, { recursive: true });
  const draft = mkdtempSync(join(seeds, '.draft-'));
  try {
    const args = ['pack-objects', '--revs', '-q', '--delta-base-offset', join(draft, 'pack')];
    await git(from, args, { stdin: `${commit}\n` });
    settle(draft, place);
    return place;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (isAppError(error, 'git.failed') && !(await hasCommit(from, commit))) throw missingCommit(from, commit);
    throw error;
  }
};

/** A history that was cut off where it comes from is cut off here too. */
const copyShallow = async (from: Repository, repo: Repository): Promise<void> => {
  const cut = (readTextIfAny(join(from.commonDir, 'shallow')) ?? '').split('\n').filter(Boolean);
  if (cut.length === 0) return;
  const here: string[] = [];
  for (const id of cut) if (await hasCommit(repo, id)) here.push(id);
  if (here.length > 0) await writeFile(join(repo.commonDir, 'shallow'), `${here.join('\n')}\n`);
};

/**
 * A repository of its own that ends at a commit: no object that the commit does not lead to, no other ref, no tag, no
 * remote, no alternate, no reflog, and no word about where it came from. Submodules are not in it. Three processes, and
 * one more the first time a commit is asked for.
 * @throws AppError case.missing when the commit is not there, git.failed
 */
export const makeClosedRepository = async (options: ClosedRepositoryOptions): Promise<Repository> => {
  const { from, commit, dir, branch = 'main' } = options;
  assertId(commit);
  const seed = await seedOf(options);
  mkdirSync(dir, { recursive: true });
  const gitDir = join(dir, '.git');
  const { objectFormat } = from;
  const coming: Repository = {
    root: dir,
    commonDir: gitDir,
    bare: false,
    objectFormat,
    refFormat: 'files',
    here: null,
  };
  await git(
    { ...coming, commonDir: dir },
    ['init', '-q', '--template=', `--object-format=${objectFormat}`, '-b', branch, dir],
    {
      env: { GIT_DIR: gitDir, GIT_WORK_TREE: dir },
    },
  );
  const packs = join(gitDir, 'objects', 'pack');
  mkdirSync(packs, { recursive: true });
  for (const name of readdirSync(seed)) copyFileSync(join(seed, name), join(packs, name), constants.COPYFILE_FICLONE);
  const repo = await locateRepository(dir);
  await copyShallow(from, repo);
  await git(repo, ['update-ref', `refs/heads/${branch}`, commit], { settings: OFF });
  await git(repo, ['read-tree', '--reset', '-u', commit], { worktree: repo.here! });
  return repo;
};
