import { type ConflictHunk, markerLines, parseHunks } from './conflict-markers.ts';
import { hashFiles } from './dirty.ts';
import { lstatIfAny, readTextIfAny } from './files.ts';
import { catFileStream } from './git.ts';
import { type IndexEntry, readIndex } from './index-file.ts';
import type { MergeConflict } from './merge-messages.ts';
import { isNested } from './nested.ts';
import { onDisk } from './paths.ts';
import { withPrivateIndex } from './private-index.ts';
import type { Repository, Worktree } from './repository.ts';
import { SUBMODULE } from './tree-changes.ts';

export interface OpenConflict {
  path: string;
  /** Of the marker; lines count from 1. */
  line?: number;
  /** `undecided`: nothing in the file tells a decision; only `git add` or `git rm` would. */
  reason: 'marker' | 'undecided';
}

const textAt = (worktree: Worktree, path: string): string | undefined => {
  const file = onDisk(worktree.path, path);
  return lstatIfAny(file)?.isFile() ? readTextIfAny(file) : undefined;
};

/** Where git writes markers, a file without them is resolved. */
const isTextual = ({ kind, stages }: MergeConflict): boolean =>
  (kind === 'content' || kind === 'add/add') && stages.every(({ mode }) => mode.startsWith('100'));

/** The sides of a conflict as text, by their ids. One process. */
const readSides = async (repo: Repository, conflicts: MergeConflict[]): Promise<Map<string, string>> => {
  const ids = conflicts.flatMap(({ stages }) =>
    stages.filter(({ mode }) => mode.startsWith('100')).map(({ object }) => object),
  );
  const sides = new Map<string, string>();
  await catFileStream(repo, [...new Set(ids)], (id, bytes) => sides.set(id, bytes.toString('utf8')));
  return sides;
};

const markersIn = (conflict: MergeConflict, text: string, sides: Map<string, string>): OpenConflict[] => {
  const known = conflict.stages.flatMap(({ object }) => sides.get(object) ?? []);
  const lines = markerLines(text, known);
  const starts = parseHunks(text)
    .map(({ startLine }) => startLine)
    .filter((line) => lines.includes(line));
  const named = starts.length > 0 ? starts : lines.slice(0, 1);
  return named.map((line) => ({ path: conflict.path, line, reason: 'marker' }));
};

/** What is as the merge left it: the side that git put there, unchanged. */
const findUntouched = async (
  repo: Repository,
  worktree: Worktree,
  conflicts: MergeConflict[],
): Promise<Set<string>> => {
  if (conflicts.length === 0) return new Set();
  // A submodule that nobody has filled is a folder, of which git knows nothing to say.
  const isFolder = ({ path }: MergeConflict): boolean =>
    lstatIfAny(onDisk(worktree.path, path))?.isDirectory() === true && !isNested(worktree, path);
  const paths = conflicts.filter((conflict) => !isFolder(conflict)).map(({ path }) => path);
  const now = await withPrivateIndex(worktree, async ({ index }) => {
    await hashFiles(repo, worktree, { paths, index });
    const entries = (await readIndex(repo, worktree, index)) ?? [];
    return new Map(entries.map((entry): [string, IndexEntry] => [entry.path, entry]));
  });
  const isUntouched = (conflict: MergeConflict): boolean => {
    const { path, stages } = conflict;
    if (isFolder(conflict)) return stages.some(({ mode }) => mode === SUBMODULE);
    const shown = stages.find(({ stage }) => stage === 2) ?? stages.find(({ stage }) => stage === 3);
    const entry = now.get(path);
    return shown !== undefined && entry?.id === shown.object && entry.mode === shown.mode;
  };
  return new Set(conflicts.filter(isUntouched).map(({ path }) => path));
};

/**
 * What of a conflict that `layOutConflict` showed is still to be resolved. A path is resolved when it was staged or
 * removed with git, when its markers are gone, or, where there were none (binary, deleted, renamed), when the file is
 * another than git had put there. One place a hunk. Nothing is changed. One to two processes, none when all is staged.
 */
export const openConflicts = async (
  repo: Repository,
  worktree: Worktree,
  conflicts: MergeConflict[],
): Promise<OpenConflict[]> => {
  const entries = (await readIndex(repo, worktree)) ?? [];
  const unmerged = new Set(entries.filter(({ stage }) => stage > 0).map(({ path }) => path));
  const open = conflicts.filter(
    ({ path }) => unmerged.has(path) && lstatIfAny(onDisk(worktree.path, path)) !== undefined,
  );
  const sides = await readSides(repo, open);
  const marked = new Map(
    open.map((conflict) => [conflict, markersIn(conflict, textAt(worktree, conflict.path) ?? '', sides)]),
  );
  const bare = open.filter((conflict) => marked.get(conflict)!.length === 0 && !isTextual(conflict));
  const untouched = await findUntouched(repo, worktree, bare);
  return open.flatMap((conflict): OpenConflict[] =>
    untouched.has(conflict.path) ? [{ path: conflict.path, reason: 'undecided' }] : marked.get(conflict)!,
  );
};

/** The conflicts that a file shows, in order. Starts nothing. */
export const conflictHunks = async (_repo: Repository, worktree: Worktree, path: string): Promise<ConflictHunk[]> =>
  parseHunks(textAt(worktree, path) ?? '');
