import { type HomeDirs, homeDirs } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { locateRepository } from '../git/locate.ts';

/** Whose settings count at a place: the user's always, a repository's where there is one with a checkout. */
export interface ConfigScope {
  root: string | null;
  env: Record<string, string | undefined>;
  home: HomeDirs;
}

/** @throws AppError `repository.unsafe`, `repository.unsupported` */
export const configScope = async (directory: string, env = process.env): Promise<ConfigScope> => {
  const home = homeDirs(env);
  try {
    const repo = await locateRepository(directory);
    return { root: repo.bare ? null : repo.root, env, home };
  } catch (error) {
    if (isAppError(error, 'repository.missing')) return { root: null, env, home };
    throw error;
  }
};
