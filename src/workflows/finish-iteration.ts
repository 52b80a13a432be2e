import { isAppError } from '../errors.ts';
import { commitWorktree } from '../git/commits.ts';
import { sessionWorktree } from '../git/locate.ts';
import type { Worktree } from '../git/repository.ts';
import { repairWorktree } from '../git/worktrees.ts';
import { openIteration } from '../session/conclusions.ts';
import type { Iteration, Outcome } from '../session/state.ts';
import type { LaterWork } from './after-death.ts';
import { agentCommits } from './agent-commits.ts';
import { iterationMessage, iterationSubject } from './commit-message.ts';
import type { Context } from './context.ts';
import { forgetBeat } from './heartbeat.ts';
import type { Journal } from './journal.ts';
import type { Digest } from './transcript-digest.ts';
import { runCommitHooks } from './user-hooks.ts';

export interface Finish {
  outcome: Outcome;
  /** What the agent said last; the subject comes from it. */
  said: string | null;
  durationMs: number;
  recovered: boolean;
  transcript: Digest | null;
  /** Ids that refs led to before the agent ran, as far as that is known. */
  known: string[];
  /** What a person did after the agent's death: its commit goes on top of theirs, and leaves their edits out. */
  later?: LaterWork;
}

/**
 * Ends the open iteration: exactly one commit of what the agent left (none when nothing changed), commits that it
 * made itself folded in, everything recorded. Also what puts an iteration in order whose process died.
 */
export const finishIteration = async (
  ctx: Context,
  journal: Journal,
  wt: Worktree,
  how: Finish,
): Promise<Iteration> => {
  const open = openIteration(journal.session);
  if (!open) throw new Error('there is no open iteration to finish');
  const { iteration, head, prompt } = open;
  const { later = { tip: null, edits: [] } } = how;
  const folded = await agentCommits(ctx, journal, wt, open, [...how.known, ...(later.tip ? [later.tip] : [])]);
  await journal.record(
    folded.map(({ id, subject }) => ({
      type: 'agent-commit.folded',
      by: 'agent',
      data: { iteration, commit: id, subject },
    })),
  );
  const subject = await ctx.redact(iterationSubject(how.said, prompt));
  const draft = await ctx.redact(iterationMessage(journal.session, iteration, subject, how.said));
  const message = await runCommitHooks(ctx, journal, wt, { iteration, message: draft });
  const made = await commitWorktree(ctx.repo, wt, {
    branch: journal.session.branch,
    parent: later.tip ?? head,
    message,
    leaveOut: [...journal.session.leftovers, ...later.edits],
    sign: ctx.config.config.commit.sign,
  });
  await mendLink(ctx, wt);
  const size = made?.size ?? { files: 0, insertions: 0, deletions: 0 };
  const [finished] = await journal.record([
    {
      type: 'iteration.finished',
      by: 'program',
      data: {
        iteration,
        outcome: how.outcome,
        head,
        ...(made && { commit: made.commit, subject }),
        ...size,
        durationMs: Math.round(how.durationMs),
        agent: { name: open.agent.name, mode: open.agent.mode, threadId: open.threadId },
        usage: openIteration(journal.session)!.usage,
        transcript: how.transcript,
        recovered: how.recovered,
      },
    },
  ]);
  journal.keep([...folded.map(({ id }) => id), ...(made ? [made.commit] : [])]);
  if (made) journal.note(made.commit, [finished!]);
  await journal.flush();
  forgetBeat(ctx, journal.id);
  return journal.session.iterations.at(-1)!;
};

/** An agent may have removed or changed its worktree's `.git` file; what the repository knows puts it right. */
export const mendLink = async (ctx: Context, wt: Worktree): Promise<void> => {
  try {
    await sessionWorktree(ctx.repo, wt.path);
  } catch (error) {
    if (!isAppError(error)) throw error;
    await repairWorktree(ctx.repo, wt.path).catch((reason: Error) => ctx.warn(reason.message));
  }
};
