import { rememberRepository, usedRepositories } from '../config/known-repositories.ts';
import { AppError, isAppError } from '../errors.ts';
import { logId } from '../events/envelope.ts';
import { locateRepository } from '../git/locate.ts';
import type { Repository } from '../git/repository.ts';
import { openStore } from '../store/git-store.ts';
import type { LogStore } from '../store/log-store.ts';
import type { AnalysisContext } from './context.ts';
import type { Projected } from './projection/project.ts';
import type { Source } from './views.ts';

/** Whose history is asked. */
export interface AnalysisWish {
  /** Folders within repositories; without them the one where the user stands. */
  repos?: string[];
  /** Every repository this user has sessions in. */
  all?: boolean;
  /** The table of transcripts is there too. */
  transcripts?: boolean;
  /** Everything is read again. */
  rebuild?: boolean;
  /** What `recall` is asked first. */
  question?: unknown;
}

/** A repository that is asked. */
export interface Asked {
  repo: Repository;
  store: LogStore;
  /** The store was opened for this question. */
  isOwn: boolean;
}

const open = async ({ clock }: AnalysisContext, folder: string): Promise<Asked> => {
  const repo = await locateRepository(folder);
  // Nothing is written through it, so there is nothing to redact.
  return { repo, store: await openStore(repo, { clock, redact: (text) => text }), isOwn: true };
};

const nowhere = (): AppError =>
  new AppError('repository.missing', 'There is no repository to ask.', {
    hint: 'Go into one, name one with --repo, or ask all of yours with --all.',
  });

/** Those that cannot be asked are passed over with a word, as they were not named one by one. */
const openAll = async (ctx: AnalysisContext, warnings: string[]): Promise<Asked[]> => {
  const asked: Asked[] = [];
  for (const { root, isThere } of usedRepositories(ctx.home)) {
    if (!isThere) {
      warnings.push(`${root} is gone, and passed over.`);
      continue;
    }
    try {
      asked.push(await open(ctx, root));
    } catch (error) {
      if (!isAppError(error)) throw error;
      warnings.push(`${root} is passed over: ${error.message}`);
    }
  }
  return asked;
};

/**
 * The repositories of a question, each once, the one where the user stands first where it is among them.
 * @throws AppError repository.missing, repository.unsafe
 */
export const openAsked = async (ctx: AnalysisContext, wish: AnalysisWish, warnings: string[]): Promise<Asked[]> => {
  const here: Asked[] = ctx.repo && ctx.store ? [{ repo: ctx.repo, store: ctx.store, isOwn: false }] : [];
  const named: Asked[] = [];
  for (const folder of wish.repos ?? []) named.push(await open(ctx, folder));
  const isHereAsked = wish.all === true || named.length === 0;
  const all = [...(isHereAsked ? here : []), ...named, ...(wish.all ? await openAll(ctx, warnings) : [])];
  const byFolder = new Map<string, Asked>();
  for (const asked of all) {
    if (!byFolder.has(asked.repo.commonDir)) byFolder.set(asked.repo.commonDir, asked);
    else if (asked.isOwn) await asked.store.close();
  }
  if (byFolder.size === 0 && !wish.all) throw nowhere();
  return [...byFolder.values()];
};

/** A clone may have what another one has: the one that knows more of a session tells of it. */
const elsewhereOf = (all: readonly Projected[]): string[][] => {
  if (all.length < 2) return all.map(() => []);
  const best = new Map<string, { at: number; events: number }>();
  const entries = all.map((one) => one.entries());
  for (const [at, own] of entries.entries())
    for (const { log, events } of own) if (events > (best.get(log)?.events ?? 0)) best.set(log, { at, events });
  return entries.map((own, at) => own.filter(({ log }) => best.get(log)?.at !== at).map(({ log }) => logId(log)));
};

/** What the views read, and what of it counts twice. */
export const sourcesOf = (
  asked: readonly Asked[],
  all: readonly Projected[],
  said: readonly Projected[] = [],
): { sources: Source[]; transcripts: Source[]; twice: number } => {
  const elsewhere = elsewhereOf(all);
  const sourceOf = ({ place, segments }: Projected, at: number): Source => ({
    repo: asked[at]!.repo.root,
    folder: place.folder,
    segments,
    elsewhere: elsewhere[at]!,
  });
  return {
    sources: all.map(sourceOf),
    // Whoever knows more of a session tells its transcript as well.
    transcripts: said.map(sourceOf),
    twice: elsewhere.reduce((sum, sessions) => sum + sessions.length, 0),
  };
};

/** So that `--all` knows it: sessions may have come here by a sync. */
export const remember = (ctx: AnalysisContext, asked: readonly Asked[], all: readonly Projected[]): void => {
  for (const [at, { repo }] of asked.entries()) if (all[at]!.logs > 0) rememberRepository(ctx.home, repo.root);
};
