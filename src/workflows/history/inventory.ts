import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { lstatIfAny } from '../../git/files.ts';
import { hasExcludeLine, ownKeepFiles } from '../../git/own-traces.ts';
import type { RefEntry } from '../../git/refs.ts';
import { listRefs, readRef } from '../../git/refs.ts';
import { findAdmin } from '../../git/worktrees.ts';
import { ampDir, DAMAGED, NOTES_REF } from '../../store/layout.ts';
import type { Context } from '../context.ts';
import { worktreePath } from '../find-session.ts';
import { folderBytes } from '../folder-size.ts';
import { type SessionSummary, summaries } from '../summaries.ts';

/** One thing that the program has made. */
export interface Trace {
  /** `sessions`, `code`, `snapshots`, `notes`, … for refs; `branch`, `worktree`, `file`, `line`, `outside`. */
  kind: string;
  name: string;
  /** On disk; null where that is not known: `history size` tells what refs cost. */
  bytes: number | null;
  /** What it is for. */
  what: string;
}

const REFS: Record<string, string> = {
  sessions: 'event logs of sessions',
  batches: 'event logs of batches',
  code: 'keep the commits of iterations',
  snapshots: 'uncommitted work',
  archive: 'sessions that were packed away',
  'code-archive': 'keep the commits of sessions that were packed away',
  tombstones: 'sessions that were forgotten, refs that were packed',
  incoming: 'on their way in from a remote',
  outgoing: 'on their way out to a remote',
  damaged: 'what `verify --repair` set aside',
};

const FILES: Record<string, string> = {
  wal: 'events that are not in git yet',
  tips: 'where our refs were left',
  guard: 'how the repository stood before an agent ran',
  incoming: 'on its way in from a remote',
  'sync-state.json': 'how the last sync ended',
  cache: 'may be deleted at any time',
  locks: 'who works on what',
  quarantine: 'torn ends of logs, set aside',
  tmp: 'half-made and half-removed things',
};

/** Where refs of the program lie; the latter for what `sync` has under way, and for what `verify --repair` set aside. */
const FOLDERS = ['refs/amp/', 'refs/amp-incoming/', 'refs/amp-outgoing/', DAMAGED];

export const isOwnRef = (ref: string): boolean => ref === NOTES_REF || FOLDERS.some((folder) => ref.startsWith(folder));

/** `refs/amp/<kind>/…`, `refs/amp-<kind>/…`. */
export const kindOfRef = (ref: string): string =>
  ref === NOTES_REF ? 'notes' : (/^refs\/amp(?:-|\/)([^/]+)/.exec(ref)?.[1] ?? 'other');

/** Every ref that is the program's alone. */
export const ownRefs = async (ctx: Context): Promise<RefEntry[]> => {
  const notes = await readRef(ctx.repo, NOTES_REF);
  const below = await Promise.all(FOLDERS.map((folder) => listRefs(ctx.repo, folder)));
  return [...below.flat(), ...(notes === undefined ? [] : [{ ref: NOTES_REF, id: notes }])];
};

/** Branches of sessions that are there. */
export const ownBranches = async (ctx: Context, all: SessionSummary[]): Promise<RefEntry[]> => {
  const wanted = new Set(all.map(({ branch }) => `refs/heads/${branch}`));
  return (await listRefs(ctx.repo, 'refs/heads/')).filter(({ ref }) => wanted.has(ref));
};

/** Paths of worktrees of sessions that are there, or that git still knows. */
export const ownWorktrees = (ctx: Context, all: SessionSummary[]): string[] =>
  [...new Set(all.map(({ worktree }) => worktreePath(ctx, worktree)))].filter(
    (path) => lstatIfAny(path) !== undefined || findAdmin(ctx.repo, path) !== undefined,
  );

/** Lines of `info/exclude` that hide the folders of worktrees. */
export const ownExcludeLines = (ctx: Context, all: SessionSummary[]): string[] => {
  const { repo } = ctx;
  const folders = [ctx.config.config.worktrees, ...all.map(({ worktree }) => worktree)]
    .map((folder) => relative(repo.root, worktreePath(ctx, folder)))
    .filter((way) => way !== '' && !way.startsWith('..') && !isAbsolute(way));
  const lines = [...new Set(folders.map((way) => `/${way.split(sep)[0]}/`))];
  return lines.filter((line) => hasExcludeLine(repo, line));
};

const fileTraces = async (ctx: Context): Promise<Trace[]> => {
  const folder = ampDir(ctx.repo);
  const traces: Trace[] = ownKeepFiles(ctx.repo).map((name) => ({
    kind: 'file',
    name,
    bytes: lstatSync(name).size,
    what: 'keeps a pack of ours',
  }));
  if (!existsSync(folder)) return traces;
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stat = lstatIfAny(path);
    const bytes = stat?.isDirectory() ? await folderBytes(path) : (stat?.size ?? 0);
    const what = FILES[name] ?? (name.startsWith('writer') ? "this clone's name as a writer" : 'of the program');
    traces.push({ kind: 'file', name: path, bytes, what });
  }
  return traces;
};

const outside = async (ctx: Context): Promise<Trace[]> => {
  const { config, data, cache, state } = ctx.home;
  const folders: [string, string][] = [
    [config, 'your settings'],
    [data, 'trust, redaction key, known repositories'],
    [state, 'kept between runs'],
    [cache, 'caches'],
  ];
  const there = folders.filter(([path]) => existsSync(path));
  return Promise.all(
    there.map(async ([name, what]) => ({ kind: 'outside', name, bytes: await folderBytes(name), what })),
  );
};

export interface Inventory {
  repository: string;
  items: Trace[];
}

/** Every ref, branch, worktree, file and line that the program has made, here and in the user's own folders. */
export const inventory = async (ctx: Context): Promise<Inventory> => {
  const all = await summaries(ctx);
  const refs = (await ownRefs(ctx)).map(({ ref }) => {
    const kind = kindOfRef(ref);
    return {
      kind,
      name: ref,
      bytes: null,
      what: kind === 'notes' ? 'facts at your commits' : (REFS[kind] ?? 'of the program'),
    };
  });
  const worktrees: Trace[] = [];
  for (const name of ownWorktrees(ctx, all))
    worktrees.push({ kind: 'worktree', name, bytes: await folderBytes(name), what: 'files of a session' });
  const branches = (await ownBranches(ctx, all)).map(({ ref }) => ({
    kind: 'branch',
    name: ref,
    bytes: null,
    what: 'work of a session',
  }));
  const lines = ownExcludeLines(ctx, all).map((line) => ({
    kind: 'line',
    name: `${join(ctx.repo.commonDir, 'info', 'exclude')}: ${line}`,
    bytes: line.length + 1,
    what: 'hides the folder of worktrees',
  }));
  const items = [...refs, ...branches, ...worktrees, ...(await fileTraces(ctx)), ...lines, ...(await outside(ctx))];
  return { repository: ctx.repo.root, items };
};
