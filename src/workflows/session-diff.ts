import { AppError, isAppError } from '../errors.ts';
import { mergeBase } from '../git/commits.ts';
import { diffFiles, diffPatch, type FileChange, showPaged } from '../git/diff.ts';
import { readRef, resolveCommit } from '../git/refs.ts';
import type { Session } from '../session/state.ts';
import type { Context } from './context.ts';
import { readSession } from './summaries.ts';

/** Which part of a session's changes is asked for. */
export type DiffPart =
  | { part: 'all' }
  | { part: 'iteration'; iteration: number }
  | { part: 'agent' }
  | { part: 'manual' };

interface Range {
  from: string;
  to: string;
}

/** Neighbouring ranges become one, so that an unbroken line of work shows as one diff. */
const join = (ranges: Range[]): Range[] => {
  const joined: Range[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last && last.to === range.from) last.to = range.to;
    else joined.push({ ...range });
  }
  return joined;
};

/** The tip of the session's branch; where the branch is gone, its last recorded commit. */
const tipOf = async (ctx: Context, session: Session): Promise<string> =>
  (await readRef(ctx.repo, `refs/heads/${session.branch}`)) ?? session.head;

/** Where the session left its base: the merge-base, never the base's tip, which may have gone on. */
const forkPoint = async (ctx: Context, session: Session, tip: string): Promise<string> => {
  if (session.base === null) return session.baseCommit;
  try {
    const base = await resolveCommit(ctx.repo, session.base, ctx.repo.here ?? undefined);
    const fork = await mergeBase(ctx.repo, base, tip);
    // A base that contains the whole branch says nothing about where it began.
    return fork === undefined || fork === tip ? session.baseCommit : fork;
  } catch (error) {
    if (isAppError(error, 'ref.missing')) return session.baseCommit;
    throw error;
  }
};

/** The error for an iteration that is not there. */
export const iterationMissing = ({ name, iterations }: Session, wanted: number): AppError =>
  new AppError('iteration.missing', `Session ${name} has no iteration ${wanted}.`, {
    hint: iterations.length === 0 ? 'It has none yet.' : `It has 1 to ${iterations.length}.`,
  });

const rangesOf = async (ctx: Context, session: Session, part: DiffPart): Promise<Range[]> => {
  if (part.part === 'all') {
    const tip = await tipOf(ctx, session);
    return [{ from: await forkPoint(ctx, session, tip), to: tip }];
  }
  if (part.part === 'manual') return join(await manualRanges(ctx, session));
  const wanted = session.iterations.filter(({ iteration }) => part.part === 'agent' || iteration === part.iteration);
  if (wanted.length === 0 && part.part === 'iteration') throw iterationMissing(session, part.iteration);
  return join(wanted.flatMap(({ head, commit }) => (commit ? [{ from: head, to: commit }] : [])));
};

const manualRanges = async (ctx: Context, session: Session): Promise<Range[]> => {
  const ranges: Range[] = [];
  for (const { commit } of session.manualCommits)
    ranges.push({ from: await resolveCommit(ctx.repo, `${commit}^`), to: commit });
  return ranges;
};

const addUp = (lists: FileChange[][]): FileChange[] => {
  if (lists.length === 1) return lists[0]!;
  const files = new Map<string, FileChange>();
  for (const change of lists.flat()) {
    const known = files.get(change.path);
    if (!known) files.set(change.path, change);
    else
      files.set(change.path, {
        ...known,
        status: change.status === 'deleted' ? 'deleted' : known.status,
        insertions:
          known.insertions === null || change.insertions === null ? null : known.insertions + change.insertions,
        deletions: known.deletions === null || change.deletions === null ? null : known.deletions + change.deletions,
      });
  }
  return [...files.values()];
};

export interface SessionDiff {
  session: string;
  files: FileChange[];
  /** The patch as git makes it. What is in it is somebody's text: make it inert before a terminal sees it. */
  patch(): Promise<Buffer>;
}

/** What a session changed. @throws AppError `iteration.missing` */
export const sessionDiff = async (ctx: Context, id: string, part: DiffPart): Promise<SessionDiff> => {
  const session = await readSession(ctx, id);
  const ranges = await rangesOf(ctx, session, part);
  const files = addUp(await Promise.all(ranges.map(({ from, to }) => diffFiles(ctx.repo, from, to))));
  const patch = async () =>
    Buffer.concat(await Promise.all(ranges.map(({ from, to }) => diffPatch(ctx.repo, from, to, { color: false }))));
  return { session: id, files, patch };
};

/** The part that the flags of `diff` ask for. */
export const partFrom = (flags: { iteration?: number; agent: boolean; manual: boolean }): DiffPart => {
  if (flags.iteration !== undefined) return { part: 'iteration', iteration: flags.iteration };
  return { part: flags.agent ? 'agent' : flags.manual ? 'manual' : 'all' };
};

/** Shows the patch: to a person made inert and coloured, through git's own pager; to a program as git made it. */
export const showPatch = async (
  ctx: Context,
  diff: SessionDiff,
  paint: ((patch: string) => string) | null,
): Promise<void> => {
  const patch = await diff.patch();
  await showPaged(ctx.repo, paint ? Buffer.from(paint(patch.toString('utf8'))) : patch);
};
