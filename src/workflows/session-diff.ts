import { isAbsolute, relative, resolve, sep } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { blobSizes } from '../git/blob-sizes.ts';
import { mergeBase } from '../git/commits.ts';
import {
  type DetailedChange,
  diffDetails,
  diffPatch,
  type FileChange,
  type PatchStyle,
  showPaged,
} from '../git/diff.ts';
import { withoutDetails } from '../git/diff-parse.ts';
import { openDifftool } from '../git/difftool.ts';
import { pagerWantsPatch } from '../git/pager.ts';
import { readRef, resolveCommit } from '../git/refs.ts';
import type { IterationRef } from '../session/iteration-names.ts';
import type { Session } from '../session/state.ts';
import { addUp } from './add-up.ts';
import type { Context } from './context.ts';
import { findIteration } from './find-iteration.ts';
import { warnUnrestored } from './snapshots/unrestored.ts';
import { readSession } from './summaries.ts';

/** Which part of a session's changes is asked for. */
export type DiffPart =
  | { part: 'all' }
  | { part: 'iteration'; iteration: IterationRef }
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

const rangesOf = async (ctx: Context, session: Session, part: DiffPart): Promise<Range[]> => {
  if (part.part === 'all') {
    const tip = await tipOf(ctx, session);
    return [{ from: await forkPoint(ctx, session, tip), to: tip }];
  }
  if (part.part === 'manual') return join(await manualRanges(ctx, session));
  const wanted = part.part === 'agent' ? session.iterations : [findIteration(session, part.iteration)];
  return join(wanted.flatMap(({ head, commit }) => (commit ? [{ from: head, to: commit }] : [])));
};

const manualRanges = async (ctx: Context, session: Session): Promise<Range[]> => {
  const ranges: Range[] = [];
  for (const { commit } of session.manualCommits)
    ranges.push({ from: await resolveCommit(ctx.repo, `${commit}^`), to: commit });
  return ranges;
};

export interface SessionDiff {
  session: string;
  files: FileChange[];
  /** The same with modes and object ids. */
  details: DetailedChange[];
  /** The patch as git makes it. What is in it is somebody's text: make it inert before a terminal sees it. */
  patch(style?: Omit<PatchStyle, 'color'>): Promise<Buffer>;
  /** Bytes of its binary files, by object id. */
  sizes(): Promise<Map<string, number>>;
  /** Opens it in the user's diff tool; `name` as git knows it, else what their configuration says. */
  open(name?: string): Promise<void>;
}

/** Binary files; what does not exist, and submodules, have no size. */
const binaryIds = (details: DetailedChange[]): string[] =>
  details
    .filter(({ insertions }) => insertions === null)
    .flatMap(({ mode, id, previousMode, previousId }) => [
      { mode, id },
      { mode: previousMode, id: previousId },
    ])
    .filter(({ mode }) => mode.startsWith('1') && mode !== '160000')
    .map(({ id }) => id);

/** History can be here without its code: git's own words would name an object and nothing else. */
const orWithoutCode = async <T>(ctx: Context, session: Session, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error, 'git.failed') && !isAppError(error, 'ref.missing')) throw error;
    const { requireCode } = await import('./go-on.ts');
    const named = session.iterations.flatMap(({ head, commit }) => [head, ...(commit ? [commit] : [])]);
    for (const commit of new Set([session.baseCommit, ...named, session.head])) await requireCode(ctx, session, commit);
    throw error;
  }
};

/**
 * What a session changed.
 * @param pathspecs of git; none for all files
 * @throws AppError `iteration.missing`, `iteration.ambiguous`, `code.missing`
 */
export const sessionDiff = async (
  ctx: Context,
  id: string,
  part: DiffPart,
  pathspecs: string[] = [],
): Promise<SessionDiff> => {
  const session = await readSession(ctx, id);
  await warnUnrestored(ctx, session);
  const { ranges, steps } = await orWithoutCode(ctx, session, async () => {
    const ranges = await rangesOf(ctx, session, part);
    const steps = await Promise.all(ranges.map(({ from, to }) => diffDetails(ctx.repo, from, to, { pathspecs })));
    return { ranges, steps };
  });
  const details = addUp(steps);
  return {
    session: id,
    files: details.map(withoutDetails),
    details,
    patch: async (style = {}) =>
      Buffer.concat(
        await Promise.all(
          ranges.map(({ from, to }) => diffPatch(ctx.repo, from, to, { ...style, pathspecs, color: false })),
        ),
      ),
    sizes: () => blobSizes(ctx.repo, binaryIds(steps.flat())),
    open: async (name) => {
      for (const [at, range] of ranges.entries())
        if (steps[at]!.length > 0)
          await openDifftool(ctx.repo, {
            ...range,
            tool: name,
            pathspecs,
            ask: steps[at]!.length > 1 && isAtTerminal(),
          });
    },
  };
};

/** Somebody is there to be asked, file by file, as git does. */
const isAtTerminal = (): boolean => process.stdin.isTTY === true;

/**
 * What a user calls files, as git's pathspecs: seen from where they stand, in the checkout if that is one. Git's own
 * magic (`:!vendor`) is taken from the top.
 */
export const pathspecsFrom = (ctx: Context, dir: string, paths: string[]): string[] => {
  const top = ctx.repo.here?.path ?? ctx.repo.root;
  return paths.map((path) => {
    if (path.startsWith(':')) return path;
    const seen = relative(top, resolve(dir, path)).replaceAll(sep, '/');
    if (seen === '..' || seen.startsWith('../') || isAbsolute(seen))
      throw new AppError('usage.invalid', `${path} is outside of ${top}.`, {
        hint: 'Name files of the repository, as seen from where you stand.',
      });
    return `:(top)${seen}`;
  });
};

/** The part that the flags of `diff` ask for. */
export const partFrom = (flags: { iteration?: IterationRef; agent: boolean; manual: boolean }): DiffPart => {
  if (flags.iteration !== undefined) return { part: 'iteration', iteration: flags.iteration };
  return { part: flags.agent ? 'agent' : flags.manual ? 'manual' : 'all' };
};

/**
 * Shows the patch: to a person through git's own pager as `paint` makes it; to a program as git made it.
 * @param paint undefined where no person reads
 */
export const showPatch = async (
  ctx: Context,
  diff: SessionDiff,
  style: Omit<PatchStyle, 'color'>,
  paint: ((patch: string, wantsPatch: boolean) => Promise<string>) | undefined,
): Promise<void> => {
  if (!paint) return showPaged(ctx.repo, await diff.patch(style));
  const wantsPatch = style.wordDiff === undefined && (await pagerWantsPatch(ctx.repo));
  const patch = (await diff.patch({ ...style, fullIndex: !wantsPatch })).toString('utf8');
  await showPaged(ctx.repo, Buffer.from(await paint(patch, wantsPatch)), 'diff');
};
