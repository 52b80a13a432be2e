import { AppError } from '../../errors.ts';
import { readCommit } from '../../git/commit-tree.ts';
import { conflictHunks, type OpenConflict, openConflicts } from '../../git/conflict-worktree.ts';
import type { Worktree } from '../../git/repository.ts';
import type { Conflict, Session } from '../../session/state.ts';
import type { Context } from '../context.ts';
import { mergedOf } from './rebase-steps.ts';

/** A file that is in conflict, for a person or a script. */
export interface ConflictFile {
  path: string;
  /** content, add/add, modify/delete, … */
  kind: string;
  /** Lines between markers, those included; lines count from 1. */
  hunks: { startLine: number; endLine: number }[];
}

/** The next step for somebody who has a conflict before them. */
export const conflictHint = (id: string, worktree: string): string =>
  `Edit the files in ${worktree}, then \`amp-sessions rebase ${id} --continue\`; or --skip the commit, --abort, or --resolve agent.`;

/** For every verb that cannot go on while a conflict waits. */
export const conflictWaits = ({ id, name, conflict }: Session): AppError =>
  new AppError(
    'landing.conflict',
    `A rebase of ${name} onto ${conflict!.onto.name} waits for you to resolve a conflict.`,
    {
      hint: `Go on with \`amp-sessions rebase ${id} --continue\` (or --skip, --resolve agent), or give it up with --abort.`,
      details: { conflicts: conflict!.conflicts.map(({ path, kind }) => ({ path, kind })) },
    },
  );

/** Each path once: a rename may be told of twice. */
const pathsOf = ({ conflicts }: Conflict): { path: string; kind: string }[] => [
  ...new Map(conflicts.map(({ path, kind }) => [path, { path, kind }])).values(),
];

/** What the worktree shows of the conflict now. */
export const conflictFiles = (ctx: Context, wt: Worktree, conflict: Conflict): Promise<ConflictFile[]> =>
  Promise.all(
    pathsOf(conflict).map(async (file) => {
      const hunks = await conflictHunks(ctx.repo, wt, file.path);
      return { ...file, hunks: hunks.map(({ startLine, endLine }) => ({ startLine, endLine })) };
    }),
  );

export interface ConflictStop {
  /** The commit in conflict. */
  conflicting: string;
  subject: string;
  worktree: string;
  files: ConflictFile[];
  /** Commits that come after it. */
  remaining: number;
}

/** The conflict that a session waits with, in full. */
export const describeStop = async (ctx: Context, wt: Worktree, conflict: Conflict): Promise<ConflictStop> => ({
  conflicting: conflict.commit,
  subject: (await readCommit(ctx.repo, conflict.commit)).message.split('\n')[0]!.trim(),
  worktree: wt.path,
  files: await conflictFiles(ctx, wt, conflict),
  remaining: conflict.remaining.length,
});

const named = (paths: string[]): string =>
  paths.length === 1
    ? paths[0]!
    : `${paths.length} files: ${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ', …' : ''}`;

/** The error that a command ends with while a conflict waits. */
export const stopError = (session: Session, stop: ConflictStop, answer: Record<string, unknown>): AppError =>
  new AppError(
    'landing.conflict',
    `Commit ${stop.conflicting.slice(0, 8)} of ${session.name} is in conflict with ${session.conflict!.onto.name} in ${named(stop.files.map(({ path }) => path))}.`,
    { hint: conflictHint(session.id, stop.worktree), details: { conflicts: stop.files }, answer },
  );

const placeOf = ({ path, line }: OpenConflict): string => (line === undefined ? path : `${path}:${line}`);

/** The first place of each file that nobody has decided yet. */
export const undecided = async (ctx: Context, wt: Worktree, conflict: Conflict): Promise<OpenConflict[]> => {
  const open = await openConflicts(ctx.repo, wt, mergedOf(conflict).conflicts);
  return [...new Map(open.toReversed().map((one) => [one.path, one])).values()].reverse();
};

/** The error for a `--continue` that came too early. */
export const undecidedError = (
  session: Session,
  wt: Worktree,
  open: OpenConflict[],
  answer: Record<string, unknown>,
): AppError => {
  const kinds = new Map(session.conflict!.conflicts.map(({ path, kind }) => [path, kind]));
  const marked = open.filter(({ reason }) => reason === 'marker');
  const what =
    marked.length > 0
      ? `Conflict markers are left in ${named(marked.map(placeOf))}`
      : `Nobody has decided about ${named(open.map(({ path }) => path))} yet`;
  const hint =
    marked.length > 0
      ? `Edit the files in ${wt.path}, then run it again.`
      : `Change the file, or take it as it is with \`git add\`, or away with \`git rm\`, in ${wt.path}; then run it again.`;
  const conflicts = open.map(({ path, line }) => ({ path, kind: kinds.get(path) ?? 'content', ...(line && { line }) }));
  return new AppError('landing.conflict', `${what}.`, { hint, details: { conflicts }, answer });
};
