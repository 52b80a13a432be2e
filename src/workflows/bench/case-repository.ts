import { makeClosedRepository } from '../../git/closed-repository.ts';
import { locateRepository } from '../../git/locate.ts';
import type { Repository } from '../../git/repository.ts';

export interface CaseRepositoryWish {
  /** A folder in the repository that has the history, from `--repo owner/name=path`. */
  from: string;
  /** Whole id of the commit that the agent begins at. */
  commit: string;
  /** Where the case's repository comes to stand: missing or empty. */
  dir: string;
  /** Folder for packs, shared by all cases and attempts of a work folder: each commit is packed once. */
  seeds: string;
}

/**
 * A repository for one attempt at a case: its branch `main` ends at the base commit, and nothing else is in it. A
 * worktree of the original would show the future (`git log --all`), and one repository for several attempts would show
 * each what the others did, the reference solution of `gold` among it: so every attempt gets its own.
 * @throws AppError case.missing when the commit is not there; repository.missing, repository.unsafe
 */
export const makeCaseRepository = async ({ from, ...wish }: CaseRepositoryWish): Promise<Repository> =>
  makeClosedRepository({ ...wish, from: await locateRepository(from) });
