import { realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { AppError } from '../errors.ts';
import type { Context } from './context.ts';
import { type SessionSummary, summaries } from './summaries.ts';

/** A recorded worktree path as an absolute one on this machine. */
export const worktreePath = (ctx: Context, recorded: string): string => {
  if (isAbsolute(recorded)) return recorded;
  const { root } = ctx.repo;
  // `list` asks for thousands, nearly all as plain as that.
  const isPlain = sep === '/' && root !== '/' && !recorded.includes('.', 1) && !recorded.includes('//');
  if (isPlain && /\w$/.test(recorded)) return `${root}/${recorded}`;
  return join(root, ...recorded.split('/'));
};

const inside = (dir: string, path: string): boolean => {
  const way = relative(path, dir);
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way));
};

const real = (path: string): string => {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
};

/** From most to least certain; the first kind of match that finds anything decides. */
const kinds = (given: string): ((summary: SessionSummary) => boolean)[] => [
  ({ id }) => id === given,
  ({ name, removed }) => !removed && name === given,
  ({ branch }) => branch === given || `refs/heads/${branch}` === given,
  ({ name }) => name === given,
  ({ id }) => given.length >= 2 && id.startsWith(given),
  ({ name, removed }) => !removed && name.normalize('NFC').toLowerCase() === given.normalize('NFC').toLowerCase(),
];

const ambiguous = (given: string, found: SessionSummary[]): AppError =>
  new AppError(
    'session.ambiguous',
    `“${given}” means ${found.length} sessions: ${found
      .slice(0, 5)
      .map(({ id, name }) => `${id} (${name})`)
      .join(', ')}.`,
    {
      hint: 'Name it by its id.',
      details: { candidates: found.map(({ id, name }) => ({ id, name })) },
    },
  );

/** Nothing but the id of such a session is known. @throws AppError `session.missing` */
const refuseForgotten = async (ctx: Context, given: string): Promise<void> => {
  const { readTombstones } = await import('../store/tombstones.ts');
  const { forgotten } = await readTombstones(ctx.repo);
  const when = forgotten.get(given);
  if (when)
    throw new AppError('session.missing', `Session ${given} was forgotten on ${when.at.slice(0, 10)}.`, {
      hint: `Writer ${when.writer} did that; nothing of it is kept here. \`amp-sessions list\` shows what there is.`,
    });
};

/**
 * The session a person means: by id, unique prefix of one, name, branch, or by standing in its worktree.
 * @throws AppError `session.missing`, `session.ambiguous`
 */
export const findSession = async (ctx: Context, given: string | undefined, cwd: string): Promise<SessionSummary> => {
  const all = await summaries(ctx);
  if (given === undefined) return standingIn(ctx, all, cwd);
  for (const matches of kinds(given)) {
    const found = all.filter(matches);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) throw ambiguous(given, found);
  }
  await refuseForgotten(ctx, given);
  throw new AppError('session.missing', `There is no session “${given}” in ${ctx.repo.root}.`, {
    hint: all.length === 0 ? 'Make one with `amp-sessions new`.' : 'Run `amp-sessions list` to see them.',
  });
};

const standingIn = (ctx: Context, all: SessionSummary[], cwd: string): SessionSummary => {
  const here = real(cwd);
  const found = all.find(({ worktree, hasWorktree }) => hasWorktree && inside(here, real(worktreePath(ctx, worktree))));
  if (found) return found;
  throw new AppError('session.missing', 'No session was named, and you are not in the worktree of one.', {
    hint: 'Name one by its id, name or branch; `amp-sessions list` shows them.',
  });
};
