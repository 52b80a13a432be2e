import { readdirSync, type Stats } from 'node:fs';
import { trackedStatus } from './dirty.ts';
import { lstatIfAny } from './files.ts';
import { type IndexEntry, readIndex } from './index-file.ts';
import { isNested } from './nested.ts';
import { onDisk, pathFromBytes } from './paths.ts';
import { type Rendered, withRendered } from './rendered.ts';
import type { Repository, Worktree } from './repository.ts';
import { SUBMODULE, type TreeChange, type TreeFile } from './tree-changes.ts';

/**
 * How far one path has come from an old tree to a new one:
 * `old`: index and file are the old tree's; `rewritten`: the file is the old tree's, but git cannot know without looking;
 * `done`: the index is the new tree's; `written`: the file is, the index is not yet; `gone`: nothing is there;
 * `torn`: the file is the beginning of the new one; `other`: somebody's own work.
 */
export type Verdict = 'old' | 'rewritten' | 'done' | 'written' | 'gone' | 'torn' | 'other';

export interface Surveyed {
  change: TreeChange;
  verdict: Verdict;
  /** What is in the way, when somebody's work is; usually the path itself. */
  inTheWay: string;
}

interface Scene {
  worktree: Worktree;
  changes: Map<string, TreeChange>;
  index: Map<string, IndexEntry>;
  dirty: Set<string>;
  before: Rendered;
  after: Rendered;
}

const isAt = (entry: IndexEntry | undefined, file: TreeFile | undefined): boolean =>
  entry === undefined || file === undefined
    ? entry === file
    : entry.stage === 0 && entry.mode === file.mode && entry.id === file.id;

const partsAbove = (path: string): string[] => {
  const parts = path.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
};

/** The file or link that stands where a path needs a folder. Nothing is ever looked at through a link. */
const findBarrier = (worktree: Worktree, path: string): string | undefined =>
  partsAbove(path).find((folder) => {
    const stat = lstatIfAny(onDisk(worktree.path, folder));
    return stat !== undefined && !stat.isDirectory();
  });

/** The first thing below a folder that is no folder and not wanted, as a path of the worktree. */
const findBelow = (worktree: Worktree, folder: string, isWanted: (path: string) => boolean): string | undefined => {
  for (const name of readdirSync(onDisk(worktree.path, folder) as Buffer, { encoding: 'buffer' })) {
    const path = `${folder}/${pathFromBytes(name)}`;
    const isFolder = lstatIfAny(onDisk(worktree.path, path))?.isDirectory() === true;
    const found = isFolder ? findBelow(worktree, path, isWanted) : isWanted(path) ? undefined : path;
    if (found !== undefined) return found;
  }
  return undefined;
};

type Finding = Pick<Surveyed, 'verdict' | 'inTheWay'>;

/** A folder where one of the trees has, or both have, a file. */
const judgeFolder = (scene: Scene, change: TreeChange): Finding => {
  const { path } = change;
  const { worktree, changes } = scene;
  if (change.new?.mode === SUBMODULE && isNested(worktree, path)) return { verdict: 'written', inTheWay: path };
  // A folder that comes may hold what comes, one that goes what goes.
  const [lacking, having] = change.old === undefined ? (['new', 'old'] as const) : (['old', 'new'] as const);
  const own = findBelow(worktree, path, (below) => {
    const other = changes.get(below);
    return other !== undefined && other[having] !== undefined && other[lacking] === undefined;
  });
  if (own !== undefined) return { verdict: 'other', inTheWay: own };
  return { verdict: change.old === undefined ? 'old' : 'gone', inTheWay: path };
};

/** A file or link where a folder is needed. */
const judgeBarrier = (scene: Scene, change: TreeChange, barrier: string): Finding => {
  if (change.new === undefined) return { verdict: 'gone', inTheWay: barrier };
  const isOfOld = change.old === undefined && scene.changes.get(barrier)?.old !== undefined;
  return { verdict: isOfOld ? 'old' : 'other', inTheWay: barrier };
};

const judgeFile = (scene: Scene, { path }: TreeChange, file: string | Buffer, stat: Stats): Verdict => {
  const { before, after } = scene;
  if (before.isSame(path, file, stat) && before.hasSameMode(path, stat)) return 'rewritten';
  if (after.isSame(path, file, stat)) return 'written';
  return after.isTorn(path, file, stat) ? 'torn' : 'other';
};

/** What git would not see at one glance is as a tree has it. */
const judgeClosely = (scene: Scene, change: TreeChange): Finding => {
  const { path } = change;
  const barrier = findBarrier(scene.worktree, path);
  if (barrier !== undefined) return judgeBarrier(scene, change, barrier);
  const file = onDisk(scene.worktree.path, path);
  const stat = lstatIfAny(file);
  if (!stat) return { verdict: change.old === undefined ? 'old' : 'gone', inTheWay: path };
  if (stat.isDirectory()) return judgeFolder(scene, change);
  return { verdict: judgeFile(scene, change, file, stat), inTheWay: path };
};

/** A file or a folder comes where a submodule was. */
const isReplaced = ({ changes }: Pick<Scene, 'changes'>, { path, new: wanted }: TreeChange): boolean =>
  wanted ? wanted.mode !== SUBMODULE : [...changes.values()].some((one) => one.new && one.path.startsWith(`${path}/`));

/** @returns undefined when one has to look at the file itself */
const judgeIndex = (scene: Omit<Scene, 'before' | 'after'>, change: TreeChange): Verdict | undefined => {
  const { worktree, index, dirty } = scene;
  const entry = index.get(change.path);
  if (!isAt(entry, change.old)) return isAt(entry, change.new) ? 'done' : 'other';
  // Git does not touch what is in a submodule, and would put other files between.
  if (change.old?.mode === SUBMODULE)
    return isNested(worktree, change.path) && isReplaced(scene, change) ? 'other' : 'old';
  if (change.old !== undefined) return dirty.has(change.path) ? undefined : 'old';
  const isFree = !findBarrier(worktree, change.path) && !lstatIfAny(onDisk(worktree.path, change.path));
  return isFree ? 'old' : undefined;
};

/**
 * Looks how far every changed path of a worktree has come, whoever was killed on the way. Nothing is changed. One
 * process; four more when a file has to be looked at.
 */
export const survey = async (
  repo: Repository,
  worktree: Worktree,
  move: { from: string; to: string; changes: TreeChange[] },
): Promise<Surveyed[]> => {
  const entries = (await readIndex(repo, worktree)) ?? [];
  const status = await trackedStatus(
    repo,
    worktree,
    move.changes.map(({ path }) => path),
  );
  const glance = {
    worktree,
    changes: new Map(move.changes.map((change) => [change.path, change])),
    index: new Map(entries.map((entry) => [entry.path, entry])),
    dirty: new Set(status.filter((line) => !line.indexId).map(({ path }) => path)),
  };
  const judged = move.changes.map((change) => ({ change, verdict: judgeIndex(glance, change) }));
  const open = judged.filter(({ verdict }) => verdict === undefined).map(({ change }) => change);
  const pathsOf = (side: 'old' | 'new'): string[] =>
    open.filter((change) => change[side] && change[side].mode !== SUBMODULE).map(({ path }) => path);
  return withRendered(repo, worktree, { tree: move.from, paths: pathsOf('old') }, (before) =>
    withRendered(repo, worktree, { tree: move.to, paths: pathsOf('new') }, (after) =>
      judged.map(({ change, verdict }) => ({
        change,
        ...(verdict ? { verdict, inTheWay: change.path } : judgeClosely({ ...glance, before, after }, change)),
      })),
    ),
  );
};
