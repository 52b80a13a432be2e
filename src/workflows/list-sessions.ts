import { homeDirs } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { type Context, type ContextOptions, withContext } from './context.ts';
import { describeSummary } from './describe.ts';
import { knownRepositories } from './known-repositories.ts';
import { type SessionSummary, summaries } from './summaries.ts';

export interface ListWish {
  allRepos: boolean;
  /** Without the archived ones. */
  live: boolean;
  /** Also those whose worktree and branch were removed. */
  removed: boolean;
  since?: string;
  until?: string;
}

export type ListItem = ReturnType<typeof describeSummary> & {
  repository?: string;
  /** Only with `removed`: worktree and branch are gone. */
  removed?: boolean;
};

const wanted = (wish: ListWish) => (summary: SessionSummary) =>
  (wish.removed || !summary.removed) &&
  !(wish.live && summary.state === 'archived') &&
  (wish.since === undefined || summary.lastActivityAt >= wish.since) &&
  (wish.until === undefined || summary.createdAt <= wish.until);

const ofContext = async (ctx: Context, wish: ListWish): Promise<ListItem[]> =>
  (await summaries(ctx)).filter(wanted(wish)).map((summary) => ({
    ...describeSummary(ctx, summary),
    ...(summary.removed && { removed: true }),
  }));

/** The sessions of one repository, or of every one this user has used; oldest first. */
export const listSessions = async (options: ContextOptions, wish: ListWish): Promise<ListItem[]> => {
  if (!wish.allRepos) return withContext(options, (ctx) => ofContext(ctx, wish));
  const items: ListItem[] = [];
  for (const dir of knownRepositories(homeDirs(options.env ?? process.env, process.platform))) {
    try {
      const found = await withContext({ ...options, dir }, (ctx) => ofContext(ctx, wish));
      items.push(...found.map((item) => ({ ...item, repository: dir })));
    } catch (error) {
      // One that cannot be read does not hide the others.
      if (!isAppError(error)) throw error;
      if (error.code !== 'repository.missing') options.warn?.(error.message);
    }
  }
  return items;
};
