import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAppError } from '../errors.ts';
import { dirtyPaths, listCommits } from '../git/commits.ts';
import { gitText } from '../git/git.ts';
import { locateRepository } from '../git/locate.ts';
import { headOf, listRefs } from '../git/refs.ts';
import type { Repository, Worktree } from '../git/repository.ts';

const GITLINK = /^160000 [0-9a-f]+ \d\t(.+)$/s;

/** Paths in a checkout where other repositories stand as its submodules. */
const submodulesIn = async (repo: Repository, wt: Worktree): Promise<string[]> => {
  const entries = (await gitText(repo, ['ls-files', '--stage', '-z'], { worktree: wt })).split('\0');
  const paths = entries.flatMap((entry) => GITLINK.exec(entry)?.[1] ?? []);
  return [...new Set(paths)].filter((path) => existsSync(join(wt.path, path, '.git')));
};

/** Commits that no remote of the repository has. */
const ownCommits = async (repo: Repository, wt: Worktree): Promise<number> => {
  const list = async (kind: string) => (await listRefs(repo, `refs/${kind}/`)).map(({ id }) => id);
  const [remotes, tags, heads] = await Promise.all([list('remotes'), list('tags'), list('heads')]);
  const { commit } = await headOf(repo, wt);
  const own = new Set<string>();
  for (const to of new Set([...heads, ...(commit ? [commit] : [])]))
    for (const { id } of await listCommits(repo, { from: null, to, not: [...remotes, ...tags] })) own.add(id);
  return own.size;
};

const workIn = async (dir: string): Promise<string[]> => {
  const sub = await locateRepository(dir);
  if (!sub.here) return [];
  const edits = (await dirtyPaths(sub, sub.here)).map(({ path }) => `/${path}`);
  const nested = (await submoduleWork(sub, sub.here)).map((path) => `/${path}`);
  const count = await ownCommits(sub, sub.here);
  return [
    ...edits,
    ...nested,
    ...(count > 0 ? [` (${count} commit${count === 1 ? '' : 's'} that no remote has)`] : []),
  ];
};

/**
 * What is only inside the submodules of a checkout: edits, and commits that were not pushed. Their repositories lie in
 * the worktree's own folder and go with it. One that cannot be looked into counts as work.
 */
export const submoduleWork = async (repo: Repository, wt: Worktree): Promise<string[]> => {
  const found: string[] = [];
  for (const path of await submodulesIn(repo, wt)) {
    try {
      found.push(...(await workIn(join(wt.path, path))).map((what) => path + what));
    } catch (error) {
      if (!isAppError(error)) throw error;
      found.push(path);
    }
  }
  return found;
};
