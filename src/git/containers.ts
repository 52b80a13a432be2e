import { gitText } from './git.ts';
import { assertId } from './ids.ts';
import type { Repository } from './repository.ts';

const PLACES = ['refs/heads/', 'refs/remotes/', 'refs/tags/'];

/**
 * Full names of the branches, local and remote, and tags that have a commit in their history. One process.
 * @throws AppError ref.missing, git.failed when there is no such commit
 */
export const refsContaining = async (repo: Repository, commit: string): Promise<string[]> => {
  assertId(commit);
  const text = await gitText(repo, ['for-each-ref', `--contains=${commit}`, '--format=%(refname)', ...PLACES]);
  return text === '' ? [] : text.split('\n');
};
