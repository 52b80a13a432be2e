import { knownRepositories } from '../config/known-repositories.ts';
import { homeDirs } from '../config/paths.ts';
import { isAppError } from '../errors.ts';
import { type Context, type ContextOptions, withContext } from './context.ts';
import { describeSummary } from './describe.ts';
import { newestSummaries, type SessionSummary } from './summaries.ts';

export interface ListWish {
  allRepos: boolean;
  /** Without the archived ones. */
  live: boolean;
  /** Also those whose worktree and branch were removed. */
  removed: boolean;
  since?: string;
  until?: string;
  /** At most so many of each repository, those that changed last. */
  limit?: number;
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

/** What `list` shows. */
export interface Listing {
  items: ListItem[];
  /** There are more than the limit lets through. */
  more: boolean;
}

const ofContext = async (ctx: Context, wish: ListWish): Promise<Listing> => {
  const count = wish.limit ?? Number.POSITIVE_INFINITY;
  const { summaries, more } = await newestSummaries(ctx, { count, isWanted: wanted(wish) });
  const items = summaries.map((summary) => ({
    ...describeSummary(ctx, summary),
    ...(summary.removed && { removed: true }),
  }));
  return { items, more };
};

/** The sessions of one repository, or of every one this user has used; oldest first. */
export const listSessions = async (options: ContextOptions, wish: ListWish): Promise<Listing> => {
  if (!wish.allRepos) return withContext(options, (ctx) => ofContext(ctx, wish));
  const all: Listing = { items: [], more: false };
  for (const dir of knownRepositories(homeDirs(options.env ?? process.env, process.platform))) {
    try {
      const { items, more } = await withContext({ ...options, dir }, (ctx) => ofContext(ctx, wish));
      all.items.push(...items.map((item) => ({ ...item, repository: dir })));
      all.more ||= more;
    } catch (error) {
      // One that cannot be read does not hide the others.
      if (!isAppError(error)) throw error;
      if (error.code !== 'repository.missing') options.warn?.(error.message);
    }
  }
  return all;
};
