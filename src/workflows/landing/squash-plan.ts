import { AppError } from '../../errors.ts';
import { commitTree, readCommit } from '../../git/commit-tree.ts';
import { type CommitInfo, listCommits, userIdentity } from '../../git/commits.ts';
import { type Picked, pickCommits } from '../../git/pick.ts';
import type { Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { squashMessage } from './squash-message.ts';

export type ManualMode = 'keep' | 'include';

export interface SquashPlan {
  mergeBase: string;
  /** The commit that stands for all iterations. */
  commit: string;
  replaced: string[];
  manual: ManualMode;
  /** The user's own commits, made anew on top of it. */
  rewritten: Picked[];
  /** New tip of the branch: the same files as before. */
  tip: string;
  subject: string;
  message: string;
}

export interface SquashWish {
  manual: ManualMode;
  /** Default: made from prompt and iterations. */
  message?: string;
  /** Also a single commit is made anew. */
  again?: boolean;
}

/** Commits of iterations carry their number; a person's uncommitted edits only the session's id. */
const isAgents = (session: Session, { trailers }: CommitInfo): boolean =>
  trailers['Amp-Session'] === session.id && trailers['Amp-Iteration'] !== undefined;

const inseparable = (session: Session, why: string): AppError =>
  new AppError(
    'squash.inseparable',
    `Your own commits on ${session.branch} cannot be kept apart from the agent's: ${why}.`,
    { hint: 'Nothing was changed. Take them in with --manual include; their authors are named in the message.' },
  );

const treeOf = async (ctx: Context, commit: string): Promise<string> => (await readCommit(ctx.repo, commit)).tree;

type Stack = Pick<SquashPlan, 'commit' | 'rewritten' | 'tip'>;

/** First everything the agent did as one commit, then the user's commits as they were. */
const stackApart = async (
  ctx: Context,
  session: Session,
  work: { fork: string; tip: string; agents: CommitInfo[]; people: CommitInfo[]; message: string },
): Promise<Stack> => {
  const sign = ctx.config.config.commit.sign;
  const agents = await pickCommits(ctx.repo, { commits: work.agents.map(({ id }) => id), onto: work.fork });
  if (agents.conflict) throw inseparable(session, `both changed ${pathsOf(agents.conflict.merged.conflicts)}`);
  const tree = await treeOf(ctx, agents.tip);
  const commit = await commitTree(ctx.repo, { tree, parents: [work.fork], message: work.message, sign });
  const people = await pickCommits(ctx.repo, { commits: work.people.map(({ id }) => id), onto: commit, sign });
  if (people.conflict) throw inseparable(session, `both changed ${pathsOf(people.conflict.merged.conflicts)}`);
  // A merge of the base says nothing of its own: what it brought lies below the fork point.
  const merges = new Set(work.people.filter(({ parents }) => parents.length > 1).map(({ id }) => id));
  if (people.dropped.some((id) => !merges.has(id)))
    throw inseparable(session, 'the agent went on from what they had begun');
  if ((await treeOf(ctx, people.tip)) !== (await treeOf(ctx, work.tip)))
    throw inseparable(session, 'put apart, they would not give the same files');
  return { commit, rewritten: people.done, tip: people.tip };
};

const pathsOf = (conflicts: { path: string }[]): string => conflicts.map(({ path }) => path).join(', ');

/**
 * All commits of the iterations as one, on the fork point, never on the tip of the base; the files at the end are the
 * same, byte for byte. Only objects are made.
 * @throws AppError session.refused when there is nothing to squash, squash.inseparable
 */
export const planSquash = async (
  ctx: Context,
  session: Session,
  wish: SquashWish & { tip: string; fork: string },
): Promise<SquashPlan> => {
  const { tip, fork, manual } = wish;
  const all = await listCommits(ctx.repo, { from: fork, to: tip });
  const agents = all.filter((commit) => isAgents(session, commit));
  const people = all.filter((commit) => !agents.includes(commit));
  if (agents.length === 0)
    throw new AppError('session.refused', `Session ${session.name} has no commits of the agent to squash.`, {
      hint:
        all.length === 0
          ? `\`amp-sessions iterate ${session.id}\` lets the agent work.`
          : `\`amp-sessions diff ${session.id}\` shows what it changed.`,
    });
  if (agents.length === 1 && wish.message === undefined && !wish.again && (manual === 'keep' || people.length === 0))
    throw new AppError(
      'session.refused',
      `Session ${session.name} has one commit of the agent: it is squashed already.`,
      {
        hint: 'Give it another message with --message.',
      },
    );
  const message = squashMessage(session, {
    agents,
    people: manual === 'include' ? people : [],
    given: wish.message,
    user: await userIdentity(ctx.repo),
  });
  const safe = await ctx.redact(message);
  const replaced = (manual === 'include' ? all : agents).map(({ id }) => id);
  const apart = manual === 'keep' && people.length > 0;
  const stack = apart
    ? await stackApart(ctx, session, { fork, tip, agents, people, message: safe })
    : await stackAll(ctx, { fork, tip, message: safe });
  return { mergeBase: fork, replaced, manual, subject: safe.split('\n')[0]!, message: safe, ...stack };
};

const stackAll = async (ctx: Context, work: { fork: string; tip: string; message: string }): Promise<Stack> => {
  const tree = await treeOf(ctx, work.tip);
  const sign = ctx.config.config.commit.sign;
  const commit = await commitTree(ctx.repo, { tree, parents: [work.fork], message: work.message, sign });
  return { commit, rewritten: [], tip: commit };
};
