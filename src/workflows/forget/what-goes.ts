import { relative } from 'node:path';
import { AppError, isAppError } from '../../errors.ts';
import { gitText } from '../../git/git.ts';
import type { Session } from '../../session/state.ts';
import { countNotes } from '../../store/forget/forgotten-notes.ts';
import type { ForgetPlan } from '../../store/forget/pending.ts';
import { bytesOf, findTraces } from '../../store/forget/traces.ts';
import type { Context } from '../context.ts';
import { refuseLosses, type World } from '../found.ts';
import type { Landed } from '../landed.ts';

export interface ForgetWish {
  dryRun: boolean;
  /** Commits that no other branch has go too, for good. */
  unmerged: boolean;
  /** What no commit holds goes too, for good. */
  uncommitted: boolean;
  /** Worktree and branch stay as they are. */
  keepBranch: boolean;
}

/** What goes with one session. */
export interface ForgetItem {
  session: string;
  name: string;
  /** Full names. */
  refs: string[];
  /** Relative to the common git directory. */
  files: string[];
  /** Commits of which the note loses lines. */
  notes: number;
  /** Of its log in git, packed as it is, and of its files. */
  bytes: number;
  /** Absolute path; null when there is none, or it stays. */
  worktree: string | null;
  branch: string | null;
  commit: string | null;
  /** Commits that go for good. */
  unmergedCommits: number;
  /** Files that go for good. */
  uncommitted: string[];
  landed: Landed | null;
}

const some = (paths: string[]): string =>
  paths.length > 3 ? `${paths.slice(0, 3).join(', ')}, … ${paths.length} in all` : paths.join(', ');

const KEEP = 'or keep worktree and branch with --keep-branch';

/**
 * What becomes of worktree and branch.
 * @throws AppError `session.dirty`, `session.unmerged`, `branch.blocked`
 */
export const planForget = async (
  ctx: Context,
  session: Session,
  world: World,
  wish: Omit<ForgetWish, 'dryRun'>,
): Promise<ForgetPlan> => {
  const stays = { session: session.id, worktree: null, evenDirty: false, branch: null };
  if (wish.keepBranch) return stays;
  await refuseLosses(ctx, session, { worktree: world.worktree, branch: world.branchCommit !== null });
  const { uncommitted, unmergedCommits, branchCommit } = world;
  if (uncommitted.length > 0 && !wish.uncommitted)
    throw new AppError('session.dirty', `Session ${session.name} has uncommitted work: ${some(uncommitted)}.`, {
      hint: `Commit it in the worktree, say --uncommitted to lose it, ${KEEP}.`,
    });
  if (unmergedCommits > 0 && !wish.unmerged)
    throw new AppError(
      'session.unmerged',
      `Session ${session.name} has ${unmergedCommits} commit${unmergedCommits === 1 ? '' : 's'} on ${session.branch} that no other branch contains.`,
      { hint: `Merge it first, say --unmerged to lose them (nothing else would lead to them), ${KEEP}.` },
    );
  return {
    ...stays,
    worktree: world.worktree ? session.worktree : null,
    evenDirty: wish.uncommitted,
    branch: branchCommit === null ? null : { name: session.branch, commit: branchCommit },
  };
};

const bytesInGit = async (ctx: Context, tips: string[]): Promise<number> => {
  if (tips.length === 0) return 0;
  try {
    const args = ['rev-list', '--disk-usage', '--objects', '--stdin'];
    return Number(await gitText(ctx.repo, args, { stdin: `${tips.join('\n')}\n` }));
  } catch (error) {
    // A damaged log can be forgotten too.
    if (isAppError(error, 'git.failed')) return 0;
    throw error;
  }
};

/** Everything that would go, by name. */
export const describeForget = async (
  ctx: Context,
  session: Pick<Session, 'id' | 'name'>,
  { plan, world }: { plan: ForgetPlan; world: World | undefined },
): Promise<ForgetItem> => {
  const traces = (await findTraces(ctx.repo, (id) => id === session.id)).get(session.id);
  const files = traces?.files ?? [];
  const logs = (traces?.refs ?? []).filter(({ ref }) => ref.startsWith('refs/amp/sessions/')).map(({ id }) => id);
  const size = files.reduce((sum, path) => sum + bytesOf(path), 0);
  return {
    session: session.id,
    name: session.name,
    refs: (traces?.refs ?? []).map(({ ref }) => ref),
    files: files.map((path) => relative(ctx.repo.commonDir, path).replaceAll('\\', '/')),
    notes: await countNotes(ctx.repo, (id) => id === session.id),
    bytes: size + (await bytesInGit(ctx, logs)),
    worktree: plan.worktree === null ? null : (world?.worktree?.path ?? null),
    branch: plan.branch?.name ?? null,
    commit: plan.branch?.commit ?? null,
    unmergedCommits: plan.branch ? (world?.unmergedCommits ?? 0) : 0,
    uncommitted: plan.worktree === null ? [] : (world?.uncommitted ?? []),
    landed: plan.branch ? (world?.landed ?? null) : null,
  };
};
