import { AppError, isAppError } from '../errors.ts';
import { type GitOptions, git, lastWords } from './git.ts';
import { assertFullRef, branchRef } from './ids.ts';
import { remoteNames, withoutPassword } from './remotes.ts';
import type { Repository } from './repository.ts';

/** A branch of a remote, and where it is remembered here. */
export interface RemoteBranch {
  remote: string;
  /** Short name of the branch there. */
  branch: string;
  /** Full name of the ref that remembers it. */
  ref: string;
}

const TIMEOUT_MS = 300_000;

/** `origin/main` in its parts; undefined when no remote is named so. The longest name counts. */
export const remoteBranch = async (repo: Repository, given: string): Promise<RemoteBranch | undefined> => {
  const name = given.replace(/^(?:refs\/)?remotes\//, '');
  const remotes = (await remoteNames(repo)).filter((remote) => name.startsWith(`${remote}/`));
  const remote = remotes.sort((a, b) => b.length - a.length)[0];
  if (remote === undefined || name.length === remote.length + 1) return undefined;
  return { remote, branch: name.slice(remote.length + 1), ref: `refs/remotes/${name}` };
};

/** Relative addresses are seen from the main checkout. */
const placeOf = (repo: Repository): Pick<GitOptions, 'worktree'> =>
  repo.bare ? {} : { worktree: { path: repo.root, gitDir: repo.commonDir } };

/**
 * Fetches one branch of a remote with the user's own credentials, and nothing else: no tag, no other ref, no
 * FETCH_HEAD, no configuration. Nobody is asked for a password.
 * @throws AppError remote.unreachable, also when there is no such branch; git.timeout
 */
export const fetchBranch = async (repo: Repository, { remote, branch, ref }: RemoteBranch): Promise<void> => {
  const from = branchRef(branch);
  for (const name of [from, ref]) assertFullRef(name);
  const quiet = ['--quiet', '--no-write-fetch-head', '--no-auto-maintenance', '--no-show-forced-updates'];
  const alone = ['--no-tags', '--no-prune', '--no-recurse-submodules', '--refmap='];
  const args = ['fetch', ...quiet, ...alone, '--', remote, `+${from}:${ref}`];
  try {
    await git(repo, args, { ...placeOf(repo), timeoutMs: TIMEOUT_MS, settings: [['core.fsync', 'all']] });
  } catch (error) {
    if (!isAppError(error, 'git.failed')) throw error;
    const words = lastWords(String(error.details?.['stderr'] ?? '')) || error.message;
    throw new AppError(
      'remote.unreachable',
      `${branch} could not be fetched from ${remote}: ${withoutPassword(words)}.`,
      { hint: 'Nothing was changed. Without --fetch, what was fetched last is used.', cause: error },
    );
  }
};
