import type { Leftover } from './dirty.ts';
import { pathFromBytes, pathToBytes, splitNul } from './paths.ts';

/** One line of `git diff-index --cached --raw -z`: how the index differs from a commit. */
export interface StagedChange {
  path: string;
  oldMode: string;
  oldId: string;
  /** Null: deleted. */
  newId: string | null;
}

export const parseRaw = (bytes: Buffer): StagedChange[] => {
  const pieces = splitNul(bytes);
  const changes: StagedChange[] = [];
  for (let at = 0; at + 1 < pieces.length; at += 2) {
    const [oldMode, , oldId, newId, status] = pieces[at]!.toString('latin1').slice(1).split(' ');
    changes.push({
      path: pathFromBytes(pieces[at + 1]!),
      oldMode: oldMode!,
      oldId: oldId!,
      newId: status === 'D' ? null : newId!,
    });
  }
  return changes;
};

const foldersAbove = (path: string): string[] => {
  const parts = path.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
};

/**
 * Which staged changes are to be taken back: those whose content is exactly what was to be left out. A path that
 * stands in the way of one that is committed (a file where a folder is now, or the other way round) stays changed.
 */
export const selectLeftOut = (changes: StagedChange[], leaveOut: Leftover[]): StagedChange[] => {
  const wanted = new Map(leaveOut.map(({ path, object }) => [path, object]));
  const isWanted = ({ path, newId }: StagedChange): boolean => wanted.has(path) && wanted.get(path) === newId;
  const kept = new Set<string>();
  const keptFolders = new Set<string>();
  for (const change of changes) {
    if (change.newId === null || isWanted(change)) continue;
    kept.add(change.path);
    for (const folder of foldersAbove(change.path)) keptFolders.add(folder);
  }
  const isFree = ({ path, oldMode }: StagedChange): boolean =>
    /^0+$/.test(oldMode) || !(keptFolders.has(path) || foldersAbove(path).some((folder) => kept.has(folder)));
  return changes.filter((change) => isWanted(change) && isFree(change));
};

/** For `git update-index -z --index-info`: every path as the commit before had it; mode 0 takes it out. */
export const putBackInstructions = (changes: StagedChange[]): Buffer =>
  Buffer.concat(
    // What goes makes room for what comes.
    [...changes]
      .sort((a, b) => Number(!/^0+$/.test(a.oldMode)) - Number(!/^0+$/.test(b.oldMode)))
      .flatMap(({ oldMode, oldId, path }) => [
        Buffer.from(`${/^0+$/.test(oldMode) ? '0' : oldMode} ${oldId}\t`),
        pathToBytes(path),
        Buffer.of(0),
      ]),
  );
