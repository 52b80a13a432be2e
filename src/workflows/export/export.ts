import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { usedRepositories } from '../../config/known-repositories.ts';
import { homeDirs } from '../../config/paths.ts';
import { AppError, isAppError } from '../../errors.ts';
import { type LogName, logId } from '../../events/envelope.ts';
import { type Context, type ContextOptions, withContext } from '../context.ts';
import { type ExportedLogs, exportLogs, selectLogs } from './export-log.ts';
import { type HeldLog, lookThrough } from './leaving.ts';
import { type Out, type OutWish, withOut } from './out-file.ts';

export interface ExportWish {
  sessions: string[];
  since?: string;
  until?: string;
  /** Every repository this user has sessions in. */
  all: boolean;
  /** Folders of repositories, absolute; none: the one of the context. */
  repos: string[];
  /** Transcripts are to leave too, so they are looked through as well. */
  transcripts?: boolean;
  /** Ends it. */
  signal?: AbortSignal;
}

/** What of the rows of a table may leave. */
export interface Admitted {
  /** Ids; undefined: all. */
  sessions: string[] | undefined;
  /** Ids of those that stay here. */
  without: string[];
}

/** Writes rows of a table: the part that needs a database, which is another room's. */
export type WriteRows = (ctx: Context, admitted: Admitted, out: Out) => Promise<number>;

/** Opens the contexts of some folders, one within the other. */
const withContexts = async <T>(
  options: ContextOptions,
  dirs: { dir: string; mayFail: boolean }[],
  work: (all: Context[]) => Promise<T>,
  before: Context[] = [],
): Promise<T> => {
  const [first, ...rest] = dirs;
  if (!first) return work(before);
  let isOpen = false;
  try {
    return await withContext({ ...options, dir: first.dir }, (ctx) => {
      isOpen = true;
      const isThere = before.some(({ repo }) => repo.commonDir === ctx.repo.commonDir);
      return withContexts(options, rest, work, isThere ? before : [...before, ctx]);
    });
  } catch (error) {
    if (isOpen || !first.mayFail || !isAppError(error)) throw error;
    options.warn?.(`${first.dir} is passed over: ${error.message}`);
    return withContexts(options, rest, work, before);
  }
};

const foldersOf = (options: ContextOptions, { all, repos }: ExportWish): { dir: string; mayFail: boolean }[] => {
  const named = repos.map((dir) => ({ dir, mayFail: false }));
  const home = homeDirs(options.env ?? process.env, process.platform);
  const used = all ? usedRepositories(home).map(({ root }) => ({ dir: root, mayFail: true })) : [];
  const isHereAsked = all || named.length === 0;
  return [...(isHereAsked ? [{ dir: options.dir, mayFail: all }] : []), ...named, ...used];
};

/** A session is looked for in every repository that is asked. @throws AppError session.missing */
const select = async (
  all: Context[],
  wish: ExportWish,
  directory: string,
): Promise<{ ctx: Context; logs: LogName[] }[]> => {
  const { since, until } = wish;
  const dates = { directory, ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
  if (wish.sessions.length === 0)
    return Promise.all(all.map(async (ctx) => ({ ctx, logs: await selectLogs(ctx, { ...dates, sessions: [] }) })));
  const found = all.map((ctx) => ({ ctx, logs: new Set<LogName>() }));
  for (const given of wish.sessions) {
    let missing: unknown;
    let isFound = false;
    for (const { ctx, logs } of found)
      try {
        for (const log of await selectLogs(ctx, { ...dates, sessions: [given] })) logs.add(log);
        isFound = true;
      } catch (error) {
        if (!isAppError(error, 'session.missing')) throw error;
        missing ??= error;
      }
    if (!isFound) throw missing;
  }
  return found.map(({ ctx, logs }) => ({ ctx, logs: [...logs].sort() }));
};

const nowhere = (): AppError =>
  new AppError('repository.missing', 'There is no repository to export from.', {
    hint: 'Go into one, name one with --repo, or take all of yours with --all.',
  });

/** What of the selected logs may leave, and what has to stay. */
const admit = async (
  all: Context[],
  wish: ExportWish,
  directory: string,
): Promise<{ ids: string[]; held: HeldLog[]; without: string[] }> => {
  const held: HeldLog[] = [];
  const ids = new Set<string>();
  for (const { ctx, logs } of await select(all, wish, directory)) {
    held.push(...(await lookThrough(ctx, logs, wish)).held);
    for (const log of logs) ids.add(logId(log));
  }
  return { ids: [...ids], held, without: held.map(({ session }) => session) };
};

/**
 * Looks through what is to leave, then writes it: logs as they are, or with `rows` what that makes of them.
 * @throws AppError as `withOut`, log.damaged, session.missing, repository.missing
 */
export const exportHistory = async (
  options: ContextOptions,
  wish: ExportWish & { out: Omit<OutWish, 'clock' | 'temporary'> },
  rows?: WriteRows,
): Promise<ExportedLogs & { bytes: number }> =>
  withContexts(options, foldersOf(options, wish), async (all) => {
    const [ctx] = all;
    if (!ctx) throw nowhere();
    const out = { ...wish.out, path: wish.out.path === '-' ? '-' : resolve(options.dir, wish.out.path) };
    let written: Out | undefined;
    const done = await withOut({ ...out, clock: ctx.clock, temporary: tmpdir() }, async (sink) => {
      written = sink;
      if (!rows) return exportLogs(await select(all, wish, options.dir), sink, wish.out.signal);
      const { ids, held, without } = await admit(all, { signal: wish.out.signal, ...wish }, options.dir);
      const sessions = wish.sessions.length === 0 ? undefined : ids;
      const count = await rows(ctx, { sessions, without }, sink);
      return { sessions: ids.length - held.length, rows: count, held };
    });
    return { ...done, bytes: written?.bytes ?? 0 };
  });

/**
 * Looks through whole sessions, then hands on which of them may leave.
 * @throws AppError log.damaged, session.missing, repository.missing, and what `work` throws
 */
export const withAdmitted = async <T>(
  options: ContextOptions,
  wish: ExportWish,
  work: (ctx: Context, admitted: Admitted) => Promise<T>,
): Promise<{ done: T; sessions: number; held: HeldLog[] }> =>
  withContexts(options, foldersOf(options, wish), async (all) => {
    const [ctx] = all;
    if (!ctx) throw nowhere();
    const { ids, held, without } = await admit(all, wish, options.dir);
    const isAll = wish.sessions.length === 0 && wish.since === undefined && wish.until === undefined;
    const done = await work(ctx, { sessions: isAll ? undefined : ids, without });
    return { done, sessions: ids.length - held.length, held };
  });
