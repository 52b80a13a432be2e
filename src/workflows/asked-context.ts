import { type Clock, systemClock } from '../clock.ts';
import { type HomeDirs, homeDirs } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { locateRepository } from '../git/locate.ts';
import { type Context, type ContextOptions, withContext } from './context.ts';

/** What a question has where nobody stands in a repository. */
export interface Homeless {
  clock: Clock;
  home: HomeDirs;
  repo?: undefined;
  store?: undefined;
  redact?: undefined;
}

const isInRepository = async (dir: string): Promise<boolean> => {
  try {
    await locateRepository(dir);
    return true;
  } catch (error) {
    if (isAppError(error, 'repository.missing')) return false;
    throw error;
  }
};

/**
 * A context for questions about history; where other repositories are named, it need not be opened in one.
 * @throws AppError as `withContext`
 */
export const withAskedContext = async <T>(
  options: ContextOptions,
  { all, repo }: { all?: boolean; repo?: readonly string[] },
  work: (ctx: Context | Homeless) => Promise<T>,
): Promise<T> => {
  const isNeeded = !all && (repo === undefined || repo.length === 0);
  if (isNeeded || (await isInRepository(options.dir))) return withContext(options, work);
  const env = options.env ?? process.env;
  return work({ clock: options.clock ?? systemClock, home: homeDirs(env, process.platform) });
};
