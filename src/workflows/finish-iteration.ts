import { isAppError } from '../errors.ts';
import { skippedText } from '../events/skipped-text.ts';
import { commitWorktree } from '../git/commits.ts';
import { sessionWorktree } from '../git/locate.ts';
import type { Worktree } from '../git/repository.ts';
import type { SkippedPath } from '../git/snapshot.ts';
import { repairWorktree } from '../git/worktrees.ts';
import { openIteration } from '../session/conclusions.ts';
import type { Iteration, Session } from '../session/state.ts';
import type { LaterWork } from './after-death.ts';
import { agentCommits } from './agent-commits.ts';
import { iterationMessage, iterationSubject } from './commit-message.ts';
import type { Context } from './context.ts';
import { forgetBeat } from './heartbeat.ts';
import { type IterationEnd, recordEnd } from './iteration-end.ts';
import type { Journal } from './journal.ts';
import { runCommitHooks } from './user-hooks.ts';

export interface Finish extends IterationEnd {
  /** What the agent said last; the subject comes from it. */
  said: string | null;
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
  // Before anything is cut: half a secret is not known any more.
  const said = how.said === null ? null : await ctx.redact(how.said);
  const subject = await ctx.redact(iterationSubject(said, await ctx.redact(prompt)));
  const draft = await ctx.redact(iterationMessage(journal.session, iteration, subject, said));
  const message = await runCommitHooks(ctx, journal, wt, { iteration, message: draft });
  let skipped: SkippedPath[] = [];
  const made = await commitWorktree(ctx.repo, wt, {
    onSkipped: (paths) => {
      skipped = paths;
    },
    branch: journal.session.branch,
    parent: later.tip ?? head,
    message,
    leaveOut: [...journal.session.leftovers, ...later.edits],
    sign: ctx.config.config.commit.sign,
  });
  await mendLink(ctx, wt);
  journal.keep(folded.map(({ id }) => id));
  await recordEnd(journal, { ...how, skipped }, made && { commit: made.commit, subject, size: made.size });
  warnSkipped(ctx, journal.session, iteration, skipped);
  await journal.flush();
  forgetBeat(ctx, journal.id);
  return journal.session.iterations.at(-1)!;
};

const warnSkipped = (ctx: Context, { name }: Session, iteration: number, skipped: SkippedPath[]): void => {
  if (skipped.length === 0) return;
  const isLarge = skipped.some(({ why }) => why === 'large');
  const more = isLarge ? ' The setting `commit.maxFileMb` is the limit; .gitignore hides what is no work.' : '';
  ctx.warn(`The commit of iteration ${iteration} of ${name} leaves out ${skippedText(skipped)}.${more}`);
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
