import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import { entryAt, isTracked, lastChangeOf } from '../../git/file-at.ts';
import { lstatIfAny } from '../../git/files.ts';
import type { CatFile } from '../../git/git.ts';
import { headOf, readRef, resolveCommit } from '../../git/refs.ts';
import type { Context } from '../context.ts';
import { findSession } from '../find-session.ts';
import { readSession } from '../summaries.ts';
import type { Place } from './place.ts';

/** Which version of a file is asked for; default: as it lies in the checkout, else as last committed there. */
export interface Version {
  /** What a person calls a session: its branch. */
  session?: string;
  /** What a person calls a commit. */
  at?: string;
}

export interface LineRange {
  from: number;
  /** Null: to the end. */
  to: number | null;
}

/** The version of a file whose lines are asked about; it is there, and it is text. */
export interface Source extends Place {
  /** The commit, or what the checkout stands on. */
  commit: string;
  /** The file as it lies in the checkout counts, with what is not committed yet. */
  isWorktree: boolean;
  /** The session whose branch was named. */
  session: string | null;
}

const refused = (message: string, hint?: string): AppError => new AppError('usage.invalid', message, { hint });

/** Of a file whose every line is looked at. */
const MOST_BYTES = 128 * 2 ** 20;

const assertSize = (path: string, bytes: number): void => {
  if (bytes > MOST_BYTES)
    throw refused(
      `${path} has ${Math.floor(bytes / 2 ** 20)} MiB: too much to tell of line by line.`,
      'See its history: git log -- <file>',
    );
};

const isBinary = (bytes: Buffer): boolean => bytes.subarray(0, 8000).includes(0);

const lineCount = (bytes: Buffer): number => {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count++;
  return bytes.length > 0 && bytes.at(-1) !== 10 ? count + 1 : count;
};

/** The file as it lies in the checkout; undefined when there is none. */
const onDisk = (place: Place): Buffer | undefined => {
  if (place.worktree === null) return undefined;
  const file = join(place.worktree.path, ...place.path.split('/'));
  const stat = lstatIfAny(file);
  if (stat?.isFile()) assertSize(place.path, stat.size);
  if (stat?.isSymbolicLink()) return readlinkSync(file, { encoding: 'buffer' });
  return stat?.isFile() ? readFileSync(file) : undefined;
};

const commitOf = async (ctx: Context, place: Place, version: Version, cwd: string) => {
  if (version.session !== undefined) {
    const { id, branch } = await findSession(ctx, version.session, cwd);
    const commit = (await readRef(ctx.repo, `refs/heads/${branch}`)) ?? (await readSession(ctx, id)).head;
    return { commit, session: id };
  }
  const worktree = place.worktree ?? undefined;
  if (version.at !== undefined) return { commit: await resolveCommit(ctx.repo, version.at, worktree), session: null };
  const { commit } = await headOf(ctx.repo, worktree);
  if (commit !== null) return { commit, session: null };
  throw refused(`Nothing is committed in ${ctx.repo.root} yet.`, 'Lines have a history from the first commit on.');
};

/** As it can be typed again. */
const typed = (file: string): string =>
  `${file.startsWith('-') ? '-- ' : ''}${/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`}`;

/** Deleted, never there, or not known to git yet: each has its next step. */
const missing = async (
  ctx: Context,
  { path, commit, isWorktree, given }: Source & { given: string },
): Promise<AppError> => {
  const short = commit.slice(0, 12);
  if (isWorktree)
    return new AppError('file.missing', `${path} has no history: git does not know it yet.`, {
      hint: 'Its lines belong to somebody once it is committed.',
    });
  const last = await lastChangeOf(ctx.repo, commit, path);
  if (last === undefined)
    return new AppError('file.missing', `There is no file ${path} in ${short}, and there never was.`, {
      hint: 'A path is meant from where you stand; another commit is named with --at, a session with --session.',
    });
  return new AppError('file.missing', `${path} is not in ${short}: ${last.slice(0, 12)} deleted or renamed it.`, {
    hint: `See it as it was before: amp-sessions blame --at ${last.slice(0, 12)}^ ${typed(given)}`,
  });
};

const KINDS = {
  tree: ['a folder', 'Name a file in it.'],
  commit: ['a submodule', 'Ask in the submodule itself, with -C.'],
} as const;

/** The content in a commit; undefined when the commit has no such file. */
const committed = async (ctx: Context, { path, commit }: Source, reader: CatFile): Promise<Buffer | undefined> => {
  const entry = path === '' ? ({ type: 'tree', path } as const) : await entryAt(ctx.repo, commit, path);
  if (!entry) return undefined;
  if (entry.type === 'blob') {
    if (entry.path !== path) return undefined;
    assertSize(path, entry.size ?? 0);
    return (await reader.object(entry.id))?.bytes;
  }
  const [what, hint] = KINDS[entry.type];
  throw refused(
    `${entry.path === path ? path || 'The top of the tree' : `${entry.path}, above ${path},`} is ${what}.`,
    hint,
  );
};

/** The part of the file that is asked for, cut to what there is. */
const within = (range: LineRange, count: number, path: string): LineRange => {
  if (range.from > count)
    throw refused(`${path} has ${count} ${count === 1 ? 'line' : 'lines'}: there is no line ${range.from}.`);
  return { from: range.from, to: range.to === null ? null : Math.min(range.to, count) };
};

/**
 * The version of a file that is asked for, after a look whether its lines can be told of.
 * @throws AppError file.missing, usage.invalid (a folder, a submodule, binary, no such line), ref.missing,
 *   session.missing
 */
export const findSource = async (
  ctx: Context,
  place: Place,
  wish: Version & { cwd: string; file: string; lines?: LineRange },
  reader: CatFile,
): Promise<{ source: Source; lines: LineRange | undefined }> => {
  const { commit, session } = await commitOf(ctx, place, wish, wish.cwd);
  const disk = wish.at === undefined && wish.session === undefined ? onDisk(place) : undefined;
  const source: Source = { ...place, commit, session, isWorktree: disk !== undefined };
  const inCommit = await committed(ctx, source, reader);
  if (!inCommit && !(disk && (await isTracked(ctx.repo, place.worktree!, place.path))))
    throw await missing(ctx, { ...source, given: wish.file });
  if (!disk && place.worktree && wish.at === undefined && wish.session === undefined)
    ctx.warn(`${place.path} is deleted in ${place.worktree.path}; this is the file as last committed.`);
  const bytes = disk ?? inCommit!;
  if (isBinary(bytes)) throw refused(`${place.path} is binary: it has no lines.`, 'See its history: git log -- <file>');
  return { source, lines: wish.lines && within(wish.lines, lineCount(bytes), place.path) };
};
