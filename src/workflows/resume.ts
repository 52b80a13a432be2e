import { AppError } from '../errors.ts';
import { readRef } from '../git/refs.ts';
import { openIteration } from '../session/conclusions.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { worktreePath } from './find-session.ts';
import { foreignCommands, requireOwnCommands } from './foreign-commands.ts';
import { standingWorktree } from './found.ts';
import { foreignBranch, goOn, recordResumed, requireCode, type Standing, standingOfBranch } from './go-on.ts';
import type { Interrupts } from './interrupts.ts';
import { type Journal, refuseHeld, withJournal } from './journal.ts';
import { conflictWaits } from './landing/conflict-report.ts';
import { settleConflict } from './landing/settle-conflict.ts';
import { settleOperation } from './landing/transaction.ts';
import { diverged, lineNamed } from './lines.ts';
import { reconcile } from './reconcile.ts';
import { readSession, type SessionSummary } from './summaries.ts';
import { readView } from './view.ts';
import { ensureWorktree } from './worktree.ts';

export interface ResumeWish {
  /** One of several lines, for a clone that stands on none. */
  line?: string;
  /** The agent begins a new conversation. */
  newThread: boolean;
  dryRun: boolean;
  /** The agent is to run afterwards: whatever it needs trust for is asked before anything is made. */
  goingOn?: boolean;
  interrupts?: Interrupts;
  onStep?(text: string): void;
}

/** The answer of `resume`. */
export const describeResume = (
  session: Session,
  what: { worktree: string; commit: string; branch: Standing; isThere: boolean; dryRun: boolean; untrusted: string[] },
) => ({
  session: session.id,
  name: session.name,
  branch: session.branch,
  worktree: what.worktree,
  commit: what.commit,
  iterations: session.iterations.length,
  state: what.isThere ? ('there' as const) : ('resumed' as const),
  branchWas: what.branch,
  thread: { agent: session.agent.name, id: session.threads[session.agent.name] ?? null },
  /** Commands from another clone that nobody has confirmed here. */
  untrusted: what.untrusted,
  dryRun: what.dryRun,
});

export type Resumed = ReturnType<typeof describeResume>;

const chosenEnd = (session: Session, wish: ResumeWish) => {
  if (wish.line === undefined) return undefined;
  if (session.lines.length === 0)
    throw new AppError('session.refused', `Session ${session.name} is one line; there is nothing to choose.`, {
      hint: `amp-sessions resume ${session.id}`,
    });
  const line = lineNamed(session, wish.line);
  const mine = session.lines.find(({ here }) => here);
  if (mine === line) return undefined;
  if (mine)
    throw new AppError('session.diverged', `This clone has a line of its own of ${session.name}: ${mine.writer}.`, {
      hint: `Put it onto the other one: amp-sessions rebase ${session.id} --onto ${line.writer}`,
    });
  return { moment: line.end, head: line.head };
};

const untrustedIn = async (ctx: Context, id: string): Promise<string[]> => {
  try {
    await requireOwnCommands(ctx, id);
    return [];
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'config.untrusted') throw error;
    return (await foreignCommands(ctx, id)).map(({ line }) => line);
  }
};

/** A session that was put away or lost its branch here: it comes back where it was. */
const comeBack = async (ctx: Context, journal: Journal, wish: ResumeWish): Promise<Standing> => {
  const { session } = journal;
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  if (tip === undefined) await requireCode(ctx, session, session.head);
  if (tip === undefined || session.removed || session.archived || wish.newThread)
    await recordResumed(journal, {
      from: undefined,
      commit: tip ?? session.head,
      previous: tip ?? null,
      newThread: wish.newThread,
    });
  return tip === undefined ? 'missing' : 'there';
};

const resume = async (ctx: Context, journal: Journal, wish: ResumeWish): Promise<Resumed> => {
  const { setup } = journal.session;
  if (wish.goingOn) await requireOwnCommands(ctx, journal.id);
  else if (setup !== null) await requireOwnCommands(ctx, journal.id, setup);
  await settleOperation(ctx, journal);
  await settleConflict(ctx, journal);
  if (journal.session.conflict) throw conflictWaits(journal.session);
  if (openIteration(journal.session)) await reconcile(ctx, journal, await ensureWorktree(ctx, journal));
  const stood = await standingWorktree(ctx, journal.session.worktree);
  const view = journal.view();
  const end = view && chosenEnd(view.session, wish);
  const tip = await readRef(ctx.repo, `refs/heads/${journal.session.branch}`);
  const isMoved = await goOn(ctx, journal, {
    anyLine: true,
    revive: true,
    newThread: wish.newThread,
    ...(end && { end }),
  });
  const branch = isMoved ? (tip === undefined ? 'missing' : 'behind') : await comeBack(ctx, journal, wish);
  const { setupExitCode } = journal.session;
  const wt = await ensureWorktree(ctx, journal, { reason: 'resume', interrupts: wish.interrupts, onStep: wish.onStep });
  const isThere =
    !isMoved && branch === 'there' && stood !== undefined && setupExitCode === journal.session.setupExitCode;
  const { session } = journal;
  return describeResume(session, {
    worktree: wt.path,
    commit: (await readRef(ctx.repo, `refs/heads/${session.branch}`)) ?? session.head,
    branch,
    isThere,
    dryRun: false,
    untrusted: await untrustedIn(ctx, session.id),
  });
};

/** What would happen; nothing is recorded. */
const foretell = async (ctx: Context, which: SessionSummary, wish: ResumeWish): Promise<Resumed> => {
  refuseHeld(ctx, which);
  const session = await readSession(ctx, which.id);
  const view = await readView(ctx, which.id);
  const end = view && chosenEnd(view.session, wish);
  if (session.lines.length > 0 && !end && !view?.isAtPar) throw diverged(session);
  const to = end?.head ?? session.head;
  const tip = await readRef(ctx.repo, `refs/heads/${session.branch}`);
  const branch = view ? await standingOfBranch(ctx, view, tip, to) : tip === undefined ? 'missing' : 'there';
  if (branch === 'missing' || !view?.isAtPar) await requireCode(ctx, session, to);
  if (branch === 'apart' && !view?.own) throw foreignBranch(session, tip!);
  const stands = (await standingWorktree(ctx, session.worktree)) !== undefined;
  const isThere = stands && !session.removed && !session.archived && branch === 'there';
  const worktree = worktreePath(ctx, session.worktree);
  return describeResume(session, {
    worktree,
    commit: to,
    branch,
    isThere,
    dryRun: true,
    untrusted: await untrustedIn(ctx, session.id),
  });
};

/**
 * Brings a session up in this clone: its branch where the record says, its worktree, its set-up. From another clone,
 * from the archive, after `rm`, or after somebody took worktree or branch away; where all is there, nothing happens.
 * @throws AppError code.missing, session.diverged, branch.blocked, config.untrusted, session.dirty, landing.conflict
 */
export const resumeSession = (ctx: Context, which: SessionSummary, wish: ResumeWish): Promise<Resumed> =>
  wish.dryRun
    ? foretell(ctx, which, wish)
    : withJournal(ctx, { id: which.id, name: which.name, command: 'resume' }, (journal) => resume(ctx, journal, wish));
