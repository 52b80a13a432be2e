import { isAbsolute, join, relative, sep } from 'node:path';
import { rememberRepository } from '../config/known-repositories.ts';
import { AppError } from '../errors.ts';
import type { EventData } from '../events/catalogue.ts';
import { userIdentity } from '../git/commits.ts';
import { headOf, moveRef, readRef, resolveCommit } from '../git/refs.ts';
import { requireGit } from '../git/version.ts';
import { createRootCommit, refuseBlockedPlace } from '../git/worktrees.ts';
import type { LockHeld } from '../process/lock.ts';
import { inTurn } from '../process/lock-turn.ts';
import { nameFromPrompt } from '../session/slug.ts';
import type { AgentChoice, Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import type { Interrupts } from './interrupts.ts';
import { type Journal, withJournal } from './journal.ts';
import { ensureWorktree, freeBranch } from './worktree.ts';

export interface NewSession {
  name: string | null;
  prompt: string | null;
  base: string | null;
  agent: AgentChoice;
  test: string | null;
  setup: string | null;
  /** Minted before by whoever has put it on record already; made here where absent. */
  id?: string;
  /** The batch that asks for it. */
  batch?: EventData<'session.created'>['batch'];
  interrupts?: Interrupts;
  onStep?(text: string): void;
}

/** How long `new` waits for another `new` that is choosing its branch. */
const TURN_MS = 60_000;

/**
 * Creates a session: its record first, then branch and worktree, then the set-up command.
 * @throws AppError `ref.missing`, `branch.blocked`, `worktree.blocked`, `setup.failed`
 */
export const newSession = async (ctx: Context, wish: NewSession): Promise<{ session: Session; worktree: string }> => {
  // Both are asked of git while the rest is loaded and looked at.
  const isNewEnough = requireGit();
  const author = userIdentity(ctx.repo);
  for (const answer of [isNewEnough, author]) answer.catch(() => {});
  await refuseBlockedPrefix(ctx);
  const id = wish.id ?? ctx.clock.newId();
  // The name becomes a branch, which the store's redaction does not see.
  const given = wish.name ?? (wish.prompt ? nameFromPrompt(await ctx.redact(wish.prompt)) : `unnamed ${id}`);
  const name = await ctx.redact(given);
  await isNewEnough;
  refuseBlockedPlace(ctx.repo, pathFor(ctx, id));
  const base = await chooseBase(ctx, wish.base, author);
  wish.onStep?.('worktree');
  return withJournal(ctx, { id, name, command: 'new' }, async (journal) => {
    const known = await author;
    await alone(ctx, () => create(ctx, journal, { ...wish, name, author: known, ...base }));
    const wt = await ensureWorktree(ctx, journal, { reason: 'new', interrupts: wish.interrupts, onStep: wish.onStep });
    rememberRepository(ctx.home, ctx.repo.root);
    return { session: journal.session, worktree: wt.path };
  });
};

/** A local branch called `amp` makes `amp/…` impossible. */
const refuseBlockedPrefix = async (ctx: Context): Promise<void> => {
  const parts = ctx.config.config.branchPrefix.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const branch = parts.slice(0, depth).join('/');
    if (await readRef(ctx.repo, `refs/heads/${branch}`))
      throw new AppError('branch.blocked', `A branch called ${branch} makes branches below ${branch}/ impossible.`, {
        hint: `Rename it, or set another prefix: \`amp-sessions config set branchPrefix sessions\`.`,
      });
  }
};

type Identity = { name: string; email: string };

interface Base {
  base: string | null;
  baseCommit: string;
}

/** What the user named, else the configured base, else what they stand on; an empty repository gets a root commit. */
const chooseBase = async (ctx: Context, given: string | null, author: Promise<Identity | null>): Promise<Base> => {
  const named = given ?? ctx.config.config.base ?? null;
  if (named !== null)
    return { base: named, baseCommit: await resolveCommit(ctx.repo, named, ctx.repo.here ?? undefined) };
  const { commit, branch } = await headOf(ctx.repo, ctx.repo.here ?? undefined);
  if (commit) return { base: branch ?? commit, baseCommit: commit };
  return { base: null, baseCommit: await createRootCommit(ctx.repo, await author) };
};

/** Where the worktree of a new session goes. */
const pathFor = (ctx: Context, id: string): string => join(worktreePath(ctx, ctx.config.config.worktrees), id);

const create = async (
  ctx: Context,
  journal: Journal,
  wish: NewSession & Base & { name: string; author: Identity | null },
): Promise<void> => {
  const at = ctx.clock.now();
  const branch = await freeBranch(ctx, wish.name, at);
  const path = pathFor(ctx, journal.id);
  const way = relative(ctx.repo.root, path);
  await journal.decide({
    do: 'create',
    data: {
      name: wish.name,
      prompt: wish.prompt,
      base: wish.base,
      baseCommit: wish.baseCommit,
      branch,
      worktree: isAbsolute(way) || way.startsWith('..') ? path : way.split(sep).join('/'),
      agent: wish.agent,
      test: wish.test,
      setup: wish.setup,
      author: wish.author,
      ...(wish.batch && { batch: wish.batch }),
    },
  });
  if (!(await moveRef(ctx.repo, `refs/heads/${branch}`, { to: wish.baseCommit, from: null })))
    throw new AppError('branch.blocked', `The branch ${branch} appeared in the same moment.`, {
      hint: 'Run the command again.',
    });
};

/** Choosing a branch name and taking it is one step for all processes, so that 64 at once get 64 names. */
const alone = <T>(ctx: Context, work: () => Promise<T>): Promise<T> => {
  const busy = ({ holder }: LockHeld): AppError =>
    new AppError('session.busy', `Process ${holder.pid} has been making a session for a minute.`, {
      hint: 'Look at it, end it, then try again.',
    });
  const path = join(ctx.repo.commonDir, 'amp', 'locks', 'new.lock');
  return inTurn(path, { command: 'new', waitMs: TURN_MS, busy }, work);
};
